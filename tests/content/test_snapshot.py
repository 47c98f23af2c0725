"""What is public at an instant: windows, their order, and a page that follows another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gencharge.content.models import (
    Content,
    ContentKind,
    ContentStatus,
    Edition,
    EditionRef,
    Publication,
    Text,
)
from gencharge.content.snapshot import ContentSnapshot, Published
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def content(*publications: tuple[int, datetime, datetime | None], position: int = 0) -> Content:
    return Content(
        content_id=new_id(),
        slug="page",
        kind=ContentKind.FAQ,
        position=position,
        editions=tuple(EditionRef(new_id(), n, NOON, new_id()) for n in (1, 2, 3)),
        publications=tuple(Publication(*publication) for publication in publications),
        generation=1,
        created_at=NOON,
        updated_at=NOON,
    )


def snapshot(*contents: Content) -> ContentSnapshot:
    return ContentSnapshot(
        1,
        [
            Published(
                each,
                Edition(new_id(), {Language.ENGLISH: Text(f"{number}", "", "", "")}, None, ""),
                None,
                begin,
                end,
            )
            for each in contents
            for number, begin, end in each.windows()
        ],
    )


def titles(public: ContentSnapshot, instant: datetime) -> list[str]:
    return [item.edition.texts[Language.ENGLISH].title for item in public.at(instant).items]


def test_a_edition_is_public_from_its_beginning_to_its_end() -> None:
    public = snapshot(content((1, NOON, NOON + HOUR)))
    assert titles(public, NOON - timedelta(microseconds=1)) == []
    assert titles(public, NOON) == ["1"]
    assert titles(public, NOON + HOUR) == []


def test_the_next_publication_takes_the_place_of_the_one_before() -> None:
    public = snapshot(content((1, NOON, None), (2, NOON + HOUR, NOON + 2 * HOUR)))
    assert titles(public, NOON + HOUR - timedelta(seconds=1)) == ["1"]
    assert titles(public, NOON + HOUR) == ["2"]
    assert titles(public, NOON + 2 * HOUR) == []


def test_a_page_stays_the_same_object_while_nothing_begins_or_ends() -> None:
    public = snapshot(content((1, NOON, NOON + HOUR)))
    assert public.at(NOON) is public.at(NOON + HOUR / 2)
    assert public.at(NOON) is not public.at(NOON + HOUR)


def test_items_are_in_the_order_of_their_positions() -> None:
    public = snapshot(content((2, NOON, None), position=2), content((1, NOON, None), position=1))
    assert titles(public, NOON) == ["1", "2"]


def test_the_status_follows_the_clock() -> None:
    page = content((1, NOON, NOON + HOUR))
    assert content().status(NOON) is ContentStatus.DRAFT
    assert [page.status(NOON + step * HOUR) for step in (-1, 0, 1)] == [
        ContentStatus.SCHEDULED,
        ContentStatus.PUBLISHED,
        ContentStatus.ENDED,
    ]
