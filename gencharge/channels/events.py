"""What happens to channels."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCreated(Event):
    """An admin added a channel to an operator."""

    channel_id: str
    operator: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUpdated(Event):
    """An admin changed a channel."""

    channel_id: str
    operator: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDeleted(Event):
    """An admin deleted a channel that was never used."""

    channel_id: str
    operator: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFloatLow(Event):
    """Our balance at a channel fell below its bound. Amounts in paise."""

    channel_id: str
    operator: str
    balance_paise: int
    low_float_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSuspended(Event):
    """A channel failed so often in a row that a process sends it only probes. Not repeated within 15 minutes."""

    channel_id: str
    operator: str
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSecretsRotated(Event):
    """An admin gave a channel new secrets. Those before are accepted for a day."""

    channel_id: str
    operator: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAddressRequested(Event):
    """An admin entered an address for a channel. Nothing is sent there yet."""

    channel_id: str
    operator: str
    url: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAddressApproved(Event):
    """A second admin approved an address: recharges go there."""

    channel_id: str
    operator: str
    url: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAddressRejected(Event):
    """An admin rejected an address that waited for approval."""

    channel_id: str
    operator: str
    url: str
    changes: dict[str, dict[str, object]]
    result: str = "succeeded"  # of the admin's action: rejecting succeeded
