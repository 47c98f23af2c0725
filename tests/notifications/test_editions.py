"""The editions of a notice's texts."""

from __future__ import annotations

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.notifications.editions import MAX_EDITIONS, Edition, NoticeTemplate, as_documents
from gencharge.notifications.texts import Texts

SHIPPED = Texts(title="Shipped", body="Shipped")


def edition(number: int) -> Edition:
    return Edition(number, Texts(title=f"Title {number}", body="Body"), clock.now(), new_id(), None)


def test_a_template_that_nobody_changed_says_what_ships() -> None:
    template = NoticeTemplate("example", "en", SHIPPED)
    assert (template.latest, template.published) == (0, 0)
    assert template.texts(0) is SHIPPED
    assert template.texts(1) is None


def test_the_oldest_editions_go_but_for_the_one_that_is_sent() -> None:
    editions = [edition(number) for number in range(1, MAX_EDITIONS + 11)]
    numbers = [document["number"] for document in as_documents(editions, published=3)]
    assert numbers == [3, *range(11, MAX_EDITIONS + 11)]
    assert len(as_documents(editions[:5], published=0)) == 5


def test_a_document_becomes_the_same_editions_again() -> None:
    editions = (edition(1), edition(2))
    document = {
        "kind": "example",
        "language": "en",
        "editions": as_documents(editions, 2),
        "published": 2,
        "generation": 3,
        "updated_at": clock.now(),
    }
    template = NoticeTemplate.of(document, SHIPPED)
    assert template.editions == editions
    assert (template.latest, template.etag) == (2, "4")
    assert template.texts(2) == editions[1].texts
