"""Events: names, and rows that another version wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Event, EventRow, changes, context_json, emit
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LampLit(Event):
    """An event of these tests."""

    colour: str = "white"


def test_a_row_of_an_older_sender_takes_the_defaults() -> None:
    assert Event.decode("LampLit", {"user_id": "u"}) == LampLit(user_id="u", colour="white")


def test_a_field_of_a_newer_sender_is_left_out() -> None:
    assert Event.decode("LampLit", {"user_id": "u", "colour": "red", "watts": 5}) == LampLit(
        user_id="u", colour="red"
    )


def test_a_field_without_a_default_that_is_missing_is_an_error() -> None:
    with pytest.raises(TypeError):
        Event.decode("LampLit", {"colour": "red"})


def test_two_events_of_one_name_are_refused_because_they_would_share_rows() -> None:
    with pytest.raises(TypeError, match="both have an event LampLit"):
        type("LampLit", (Event,), {"__module__": "another.room"})
    assert Event.registry["LampLit"] is LampLit


def test_what_is_registered_is_the_class_that_senders_use() -> None:
    assert Event.registry[LampLit.topic()] is LampLit


class Colour(StrEnum):
    """A value of these tests."""

    RED = "red"


class Size(Enum):
    """A value of these tests."""

    SMALL = 1


def test_changes_are_the_fields_that_differ_with_their_old_and_new_values() -> None:
    before = {"name": "Jio 199", "price_paise": 19900, "status": "active"}
    after = {"name": "Jio 199", "price_paise": 21900, "status": "inactive"}
    assert changes(before, after) == {
        "price_paise": {"old": 19900, "new": 21900},
        "status": {"old": "active", "new": "inactive"},
    }
    assert changes(before, before) == {}


def test_what_was_set_for_the_first_time_and_what_was_taken_away_are_changes() -> None:
    assert changes({"gone": 1}, {"come": 2}) == {
        "gone": {"old": 1, "new": None},
        "come": {"old": None, "new": 2},
    }
    assert changes({}, {}) == {}


def test_a_field_that_was_null_and_is_not_there_any_more_did_not_change() -> None:
    assert changes({"note": None}, {}) == {}


def test_changes_keep_the_order_of_the_fields() -> None:
    assert list(changes({"b": 1, "a": 1}, {"c": 2, "a": 2, "b": 2})) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Colour.RED, "red"),
        (Size.SMALL, 1),
        (datetime(2026, 8, 1, 10, tzinfo=UTC), "2026-08-01T10:00:00+00:00"),
        (date(2026, 8, 1), "2026-08-01"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"b", "a"}, ["a", "b"]),
        (frozenset({"Plans:read"}), ["Plans:read"]),
        (("x", UUID(int=1)), ["x", "00000000-0000-0000-0000-000000000001"]),
        ({1: Colour.RED, "deep": [{"a"}]}, {"1": "red", "deep": [["a"]]}),
        (True, True),
        (0, 0),
        ("", ""),
    ],
)
def test_values_are_kept_as_json_has_them(value: Any, stored: Any) -> None:
    assert changes({}, {"field": value}) == {"field": {"old": None, "new": stored}}


def test_money_is_kept_in_a_form_that_json_has() -> None:
    json.dumps(changes({"price": Money.rupees(1)}, {"price": Money.rupees(2)}))


_VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.uuids(), st.datetimes(), st.dates(),
    st.sets(st.text(max_size=3), max_size=3), st.lists(st.integers(), max_size=3), st.sampled_from(Colour),
)  # fmt: skip
_FIELDS = st.dictionaries(st.sampled_from("abcde"), _VALUE, max_size=5)


@examples(max_examples=200, deadline=None)
@given(_FIELDS, _FIELDS)
def test_whatever_changes_can_be_written_as_json_and_backwards_is_the_mirror_image(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    there, back = changes(before, after), changes(after, before)
    json.dumps(there)
    assert there == {name: {"old": both["new"], "new": both["old"]} for name, both in back.items()}
    assert there.keys() == {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}


async def test_while_the_clock_is_held_events_of_python_and_of_sql_are_dated_by_it(db: AsyncSession) -> None:
    user_id, past = new_id(), datetime(2026, 8, 21, 6, 30, tzinfo=UTC)
    with clock.at(past):
        await emit(db, LampLit(user_id=str(user_id), colour="red"))
        await db.execute(
            text("SELECT add_event(:user, 'LampLit', '{}', CAST(:context AS jsonb))"),
            {"user": user_id, "context": context_json()},
        )
    await emit(db, LampLit(user_id=str(user_id)))
    # Not by id: two processes make ids, which within a millisecond are in no order.
    of_user = select(EventRow.occurred_at).where(EventRow.user_id == user_id).order_by(EventRow.occurred_at)
    instants = (await db.scalars(of_user)).all()
    assert instants[:2] == [past, past]
    assert instants[2] > datetime.now(UTC) - timedelta(minutes=5)
    assert "occurred_at" not in json.loads(context_json())
