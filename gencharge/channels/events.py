"""What happens to channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCreated(Event):
    """An admin added a channel to an operator."""

    channel_id: str
    operator: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUpdated(Event):
    """An admin changed a channel."""

    channel_id: str
    operator: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDeleted(Event):
    """An admin removed a channel that nothing had gone over."""

    channel_id: str
    operator: str
    changes: dict[str, Any]
