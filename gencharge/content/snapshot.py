"""The public content that a process holds in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from gencharge.content.errors import ContentNotFound
from gencharge.content.models import Content, Edition, Picture
from gencharge.core.http.cached import ResponseCache
from gencharge.core.rooms.timeline import ACTIVE, Timeline, is_available


@dataclass(frozen=True, slots=True)
class Published:
    """A edition of content in its window (UTC; None: no end)."""

    content: Content
    edition: Edition
    picture: Picture | None
    active_from: datetime
    active_until: datetime | None
    status: str = ACTIVE


@dataclass(frozen=True, slots=True, eq=False)
class PublicContent:
    """What is public between two instants (UTC, `since` <= t < `until`), and the responses made from it."""

    since: datetime
    until: datetime
    items: tuple[Published, ...]
    responses: ResponseCache = field(default_factory=ResponseCache, repr=False)

    def get(self, slug: str) -> Published:
        """The content of this slug. Raises ContentNotFound, also for what is not public now."""
        for item in self.items:
            if item.content.slug == slug:
                return item
        raise ContentNotFound


class ContentSnapshot:
    """All content with a publication, of one version of it all."""

    def __init__(self, version: int, items: Iterable[Published]) -> None:
        self.version = version
        self._items = tuple(
            sorted(
                items, key=lambda item: (item.content.kind, item.content.position, item.content.content_id)
            )
        )
        self._timeline = Timeline(self._items, self._public_between)

    def at(self, instant: datetime) -> PublicContent:
        """What is public at `instant` (UTC)."""
        return self._timeline.at(instant)

    def _public_between(self, since: datetime, until: datetime) -> PublicContent:
        return PublicContent(since, until, tuple(item for item in self._items if is_available(item, since)))
