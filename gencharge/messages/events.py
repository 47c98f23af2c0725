"""What the staff do with messages."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesResent(Event):
    """An admin had parked messages sent again: one, or all of a channel and a kind (None: of any) that were parked by then.

    `state`: the state that they were in, `parked` or `no_provider`.
    """

    message_id: str | None
    channel: str | None
    kind: str | None
    count: int
    state: str = "parked"
