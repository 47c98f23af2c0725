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
