"""What this room announces: notices that were written, and what the staff do with the texts of notices."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplateWritten(Event):
    """An admin wrote an edition of a notice's texts. `restored_from`: the edition whose texts it has; 0 is the one that ships."""

    kind: str
    language: str
    edition: int
    restored_from: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplatePublished(Event):
    """An admin published an edition: notices say this from now on. Edition 0 is the one that ships."""

    kind: str
    language: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplateTested(Event):
    """An admin had an edition sent to themselves."""

    kind: str
    language: str
    edition: int
