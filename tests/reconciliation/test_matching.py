"""The rules of matching by themselves, and that the sums always follow from the differences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.reconciliation.matching import Matching, OurEntry, Result, TheirRow
from gencharge.reconciliation.models import DifferenceKind, DifferenceResolution, EntryState

STARTS = datetime(2026, 11, 18, 18, 30, tzinfo=UTC)
ENDS = STARTS + timedelta(days=1)
NOON = STARTS + timedelta(hours=12)


def row(reference: str = "r", amount: int = 100, charges: int = 3, *, done: bool = True) -> TheirRow:
    return TheirRow(reference, amount, charges, NOON, done)


def entry(reference: str = "r", amount: int | None = 100, state: str = "booked", **but: object) -> OurEntry:
    values: dict[str, object] = {"charges": 3, "booked_at": NOON, "recharge_id": uuid4()}
    return OurEntry(reference, uuid4(), amount, state=EntryState(state), **(values | but))  # type: ignore[arg-type]


def match(theirs: list[TheirRow], ours: list[OurEntry], elsewhere: frozenset[str] = frozenset()) -> Result:
    booked = [each for each in ours if each.amount is not None]
    known = {each.reference: each for each in ours}
    return Matching(STARTS, ENDS, compare_charges=True).run(theirs, booked, known, elsewhere)


@pytest.mark.parametrize(
    ("theirs", "ours", "kind", "proposed"),
    [
        (row(), None, DifferenceKind.EXTRA_ROW, DifferenceResolution.CLAIM_FROM_COUNTERPARTY),
        (
            row(),
            entry(amount=None, state="foreign"),
            DifferenceKind.EXTRA_ROW,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (
            row(),
            entry(amount=None, state="under_way"),
            DifferenceKind.STATUS_DIFFERS,
            DifferenceResolution.SETTLE_DELIVERED,
        ),
        (
            row(done=False),
            entry(amount=None, state="under_way"),
            DifferenceKind.STATUS_DIFFERS,
            DifferenceResolution.FAIL_AND_RELEASE,
        ),
        (row(done=False), entry(), DifferenceKind.STATUS_DIFFERS, DifferenceResolution.ASK_OPERATOR_AGAIN),
        (
            row(),
            entry(amount=None, state="elsewhere"),
            DifferenceKind.DUPLICATE_AT_THEIRS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (
            row(),
            entry(amount=None, state="failed"),
            DifferenceKind.MISSING_AT_OURS,
            DifferenceResolution.WRITE_OFF,
        ),
        (
            row(),
            entry(amount=None, state="failed", refused=True),
            DifferenceKind.MISSING_AT_OURS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (row(amount=99), entry(), DifferenceKind.AMOUNT_DIFFERS, DifferenceResolution.WRITE_OFF),
        (
            row(amount=101),
            entry(),
            DifferenceKind.AMOUNT_DIFFERS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (row(charges=4), entry(), DifferenceKind.COMMISSION_DIFFERS, DifferenceResolution.WRITE_OFF),
        (
            row(charges=2),
            entry(),
            DifferenceKind.COMMISSION_DIFFERS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (None, entry(), DifferenceKind.MISSING_AT_THEIRS, DifferenceResolution.ASK_OPERATOR_AGAIN),
    ],
)
def test_each_pair_has_its_kind_and_its_proposal(
    theirs: TheirRow | None, ours: OurEntry | None, kind: DifferenceKind, proposed: DifferenceResolution
) -> None:
    result = match([theirs] if theirs else [], [ours] if ours else [])
    [difference] = result.differences
    assert (difference.kind, difference.proposed, result.matched) == (kind, proposed, 0)


def test_a_failure_on_both_sides_and_a_row_in_another_days_statement_are_no_difference() -> None:
    result = match(
        [row("a", done=False)], [entry("a", amount=None, state="failed"), entry("b")], frozenset({"b"})
    )
    assert (result.differences, result.theirs, result.ours, result.carried) == ([], 0, 0, -100)


_REFERENCES = st.sampled_from("abcdef")
_AMOUNTS = st.integers(-3, 3)
_ROWS = st.lists(st.builds(row, _REFERENCES, _AMOUNTS, st.integers(0, 2), done=st.booleans()), max_size=8)
_ENTRIES = st.lists(
    st.builds(
        entry,
        _REFERENCES,
        st.none() | _AMOUNTS,
        st.sampled_from(["failed", "under_way", "elsewhere", "foreign"]),
        booked_at=st.sampled_from([NOON, STARTS - timedelta(seconds=1), ENDS]),
    ),
    max_size=8,
    unique_by=lambda each: each.reference,
)


@given(_ROWS, _ENTRIES, st.frozensets(_REFERENCES))
def test_the_differences_explain_every_paisa(
    theirs: list[TheirRow], ours: list[OurEntry], elsewhere: frozenset[str]
) -> None:
    ours = [replace(each, state=EntryState.BOOKED) if each.amount is not None else each for each in ours]
    known = {each.reference: each for each in ours}
    today = [each for each in ours if each.amount is not None and STARTS <= (each.booked_at or NOON) < ENDS]
    result = Matching(STARTS, ENDS, compare_charges=True).run(theirs, today, known, elsewhere)
    explained = sum((each.theirs or 0) - (each.ours or 0) for each in result.differences)
    assert result.theirs - result.ours == explained
    assert result.ours - result.carried == sum(each.amount or 0 for each in today)
    assert result.matched + len(result.differences) >= len({each.reference for each in theirs if each.done})
