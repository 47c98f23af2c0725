"""What is sent: what the staff published, if it still fits, and else what ships."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.notifications.editions import Edition, TemplateSnapshot, as_documents
from gencharge.notifications.library import shipped
from gencharge.notifications.payment_notices import REFUND_REQUESTED
from gencharge.notifications.template_service import NAME, Templates, current, texts_of
from gencharge.notifications.texts import Texts

KEY = "refund_requested:en"


@pytest.fixture
async def templates(stores: Stores) -> AsyncIterator[Stores]:
    yield stores
    await stores.documents["notice_templates"].delete_one({"_id": KEY})
    await stores.database.run(lambda db: snapshots.bump(db, NAME))


async def publish(stores: Stores, texts: Texts) -> None:
    edition = Edition(1, texts, clock.now(), new_id(), None)
    document = {
        "kind": "refund_requested",
        "language": "en",
        "editions": as_documents([edition], 1),
        "published": 1,
        "generation": 1,
        "updated_at": clock.now(),
    }
    await stores.documents["notice_templates"].replace_one({"_id": KEY}, document, upsert=True)
    await stores.database.run(lambda db: snapshots.bump(db, NAME))


async def test_what_was_published_is_sent_and_what_does_not_fit_any_more_is_not(templates: Stores) -> None:
    own = shipped().texts["refund_requested", "en"]
    assert texts_of(await current(templates), REFUND_REQUESTED, "en") == own
    await publish(templates, Texts(title="Back", body="{amount} goes back."))
    assert texts_of(await current(templates), REFUND_REQUESTED, "en").title == "Back"
    await publish(templates, Texts(title="Back", body="{gone} goes back."))
    assert texts_of(await current(templates), REFUND_REQUESTED, "en") == own


async def test_nothing_is_read_from_mongodb_while_nothing_changes(
    templates: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await current(templates)
    assert await current(templates) is before
    assert Templates.of_stores(templates) is Templates.of_stores(templates)


def test_a_language_without_texts_says_it_in_english() -> None:
    english = shipped().texts["refund_requested", "en"]
    assert texts_of(TemplateSnapshot(0, {}), REFUND_REQUESTED, "ta") == english
    own = Texts(title="Back", body="{amount}")
    snapshot = TemplateSnapshot(1, {("refund_requested", "en"): own})
    assert texts_of(snapshot, REFUND_REQUESTED, "ta") == own
    assert texts_of(snapshot, REFUND_REQUESTED, "hi") == shipped().texts["refund_requested", "hi"]
