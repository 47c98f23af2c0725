"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesWritten(Event):
    """These notices stand in their inboxes. The same one may be named again after a fault."""

    audited: ClassVar[bool] = False

    # Notice id -> whose inbox: `user:<id>` or `admin:<id>`.
    recipients: dict[str, str] = field(default_factory=dict)
