"""What the staff see of the texts of notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gencharge.core.http.etags import ResourceChanged
from gencharge.core.stores.stores import Stores
from gencharge.core.values.language import Language
from gencharge.notifications import staff_service
from gencharge.notifications.editions import NoticeTemplate
from gencharge.notifications.errors import NoticeEditionNotFound, NoticeTemplateNotFound
from gencharge.notifications.library import shipped
from gencharge.notifications.staff_schemas import NoticeTemplateQuery


def templates() -> Iterator[NoticeTemplate]:
    """Every template as it ships."""
    for (kind, language), texts in shipped().texts.items():
        yield NoticeTemplate(kind, language, texts)


def test_everything_that_ships_can_be_shown_and_previewed() -> None:
    for template in templates():
        shown = staff_service.detail(template)
        assert (shown.published_edition, shown.latest_edition, shown.editions) == (0, 0, [])
        assert all(variable.sample for variable in shown.variables)
        preview = staff_service.preview(template, 0)
        assert preview.title
        assert preview.body
        assert bool(preview.sms) is ("sms" in shown.channels)
        assert bool(preview.email_html) is ("email" in shown.channels)
        assert bool(preview.push_body) is ("push" in shown.channels)


def test_an_edition_that_is_not_there_has_no_preview() -> None:
    with pytest.raises(NoticeEditionNotFound):
        staff_service.preview(next(templates()), 1)


def test_who_saw_another_state_is_refused() -> None:
    template = next(templates())
    staff_service.check(template, None)
    staff_service.check(template, f'"{template.etag}"')
    with pytest.raises(ResourceChanged):
        staff_service.check(template, '"9"')


async def test_a_kind_that_is_none_is_not_found_and_the_list_is_paged(stores: Stores) -> None:
    with pytest.raises(NoticeTemplateNotFound):
        await staff_service.get(stores.documents, "no_such_notice", Language.HINDI)
    seen: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        query = NoticeTemplateQuery(limit=10, cursor=cursor)
        items, cursor, total = await staff_service.list_templates(stores.documents, query)
        assert total is None
        seen += [(item.kind, item.language) for item in items]
        if cursor is None:
            break
    assert seen == sorted(shipped().texts)
