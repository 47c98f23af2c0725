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


def entry(
    reference: str = "r", amount: int | None = 100, state: str = "booked", **overrides: object
) -> OurEntry:
    values: dict[str, object] = {"charges": 3, "booked_at": NOON, "recharge_id": uuid4()}
    return OurEntry(reference, uuid4(), amount, state=EntryState(state), **(values | overrides))  # type: ignore[arg-type]


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


def gateway(theirs: list[TheirRow], ours: list[OurEntry], elsewhere: frozenset[str] = frozenset()) -> Result:
    """A match with the gateway's statement, whose fees are not compared."""
    booked = [each for each in ours if each.amount is not None]
    known = {each.reference: each for each in ours}
    return Matching(STARTS, ENDS, compare_charges=False).run(theirs, booked, known, elsewhere)


def payment(amount: int | None = 100, state: str = "booked", **overrides: object) -> OurEntry:
    """An entry about a payment of the gateway."""
    return entry(amount=amount, state=state, recharge_id=None, payment_id=uuid4(), charges=None, **overrides)


@pytest.mark.parametrize(
    ("theirs", "ours", "kind", "proposed"),
    [
        (
            row(),
            payment(None, "failed"),
            DifferenceKind.MISSING_AT_OURS,
            DifferenceResolution.ASK_OPERATOR_AGAIN,
        ),
        (
            row(amount=-40),
            payment(None, "failed", refund_id=uuid4()),
            DifferenceKind.MISSING_AT_OURS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (
            row(amount=-40),
            payment(None, "under_way", refund_id=uuid4()),
            DifferenceKind.STATUS_DIFFERS,
            DifferenceResolution.ASK_OPERATOR_AGAIN,
        ),
        (
            row(amount=99),
            payment(),
            DifferenceKind.AMOUNT_DIFFERS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (row(amount=101), payment(), DifferenceKind.AMOUNT_DIFFERS, DifferenceResolution.WRITE_OFF),
        (
            row(amount=-41),
            payment(-40, refund_id=uuid4()),
            DifferenceKind.AMOUNT_DIFFERS,
            DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
        ),
        (
            row(amount=-39),
            payment(-40, refund_id=uuid4()),
            DifferenceKind.AMOUNT_DIFFERS,
            DifferenceResolution.WRITE_OFF,
        ),
        (None, payment(), DifferenceKind.MISSING_AT_THEIRS, DifferenceResolution.ASK_OPERATOR_AGAIN),
    ],
)
def test_a_gateway_owes_us_what_an_operator_is_owed(
    theirs: TheirRow | None, ours: OurEntry, kind: DifferenceKind, proposed: DifferenceResolution
) -> None:
    [difference] = gateway([theirs] if theirs else [], [ours]).differences
    assert (difference.kind, difference.proposed) == (kind, proposed)
    assert (difference.ours, difference.theirs) == (ours.amount, theirs.amount if theirs else None)


def test_a_fee_of_the_gateway_is_summed_but_never_a_difference() -> None:
    result = gateway([row(charges=7)], [payment()])
    assert (result.differences, result.matched, result.charges) == ([], 1, 7)


def test_only_successful_rows_count_in_the_sums() -> None:
    result = match([row("a"), row("b", 70, 2, done=False)], [entry("a")])
    assert (result.rows_theirs, result.theirs, result.charges) == (2, 100, 3)
    assert (result.rows_ours, result.ours, result.matched) == (1, 100, 1)


@pytest.mark.parametrize("repetitions", [2, 3, 5])
def test_each_repetition_of_a_reference_is_a_difference_of_its_own(repetitions: int) -> None:
    result = match([row()] * repetitions, [entry()])
    assert [each.kind for each in result.differences] == [DifferenceKind.DUPLICATE_AT_THEIRS] * (
        repetitions - 1
    )
    assert (result.matched, result.theirs - result.ours) == (1, 100 * (repetitions - 1))


def test_a_failure_that_is_listed_twice_is_no_difference() -> None:
    result = match([row(done=False)] * 2, [entry(amount=None, state="failed")])
    assert result.differences == []


def test_a_repetition_of_an_unknown_reference_is_counted_too() -> None:
    result = match([row(), row()], [])
    assert [each.kind for each in result.differences] == [
        DifferenceKind.EXTRA_ROW,
        DifferenceKind.DUPLICATE_AT_THEIRS,
    ]
    assert sum(each.theirs or 0 for each in result.differences) == 200


def test_an_unknown_reference_that_failed_is_no_difference() -> None:
    assert match([row(done=False)], []).differences == []
    assert match([row(done=False)], [entry(amount=None, state="foreign")]).differences == []


def test_a_foreign_entry_names_no_customer() -> None:
    """Another counterparty's recharge must not be settled or refunded by this one's statement."""
    [difference] = match([row()], [entry(amount=None, state="foreign")]).differences
    assert difference.entry is None


@pytest.mark.parametrize(
    ("booked_at", "carried"),
    [
        (STARTS - timedelta(microseconds=1), 100),
        (STARTS, 0),
        (ENDS - timedelta(microseconds=1), 0),
        (ENDS, 100),
    ],
)
def test_an_entry_of_another_day_is_carried_to_the_day_of_the_statement(
    booked_at: datetime, carried: int
) -> None:
    result = match([row()], [entry(booked_at=booked_at)])
    assert (result.matched, result.ours, result.carried) == (1, 100, carried)


def test_an_entry_in_another_days_statement_is_carried_away_and_not_missing() -> None:
    result = match([], [entry("a"), entry("b")], frozenset("a"))
    assert (result.rows_ours, result.ours, result.carried) == (1, 100, -100)
    assert [each.reference for each in result.differences] == ["b"]


def test_another_commission_is_not_looked_at_if_the_amounts_differ() -> None:
    [difference] = match([row(amount=90, charges=1)], [entry()]).differences
    assert difference.kind is DifferenceKind.AMOUNT_DIFFERS


def test_a_booked_recharge_without_a_commission_has_none() -> None:
    assert match([row(charges=0)], [entry(charges=None)]).matched == 1
    [difference] = match([row(charges=1)], [entry(charges=None)]).differences
    assert difference.detail["ours_charges_paise"] == 0


def test_a_difference_keeps_what_the_staff_need_to_look_it_up() -> None:
    theirs = replace(row(charges=2), their_reference="OP1", order_id="order_1")
    [difference] = match([theirs], [entry()]).differences
    assert difference.detail == {
        "at": NOON.isoformat(),
        "their_reference": "OP1",
        "done": True,
        "order_id": "order_1",
        "theirs_charges_paise": 2,
        "ours_charges_paise": 3,
        "state": "booked",
        "refused": False,
        "booked_at": NOON.isoformat(),
    }


def test_a_gateways_difference_says_nothing_of_charges() -> None:
    [difference] = gateway([row(amount=99)], [payment()]).differences
    assert not [name for name in difference.detail if "charges" in name]


def test_a_missing_row_has_the_detail_of_our_side_only() -> None:
    [difference] = match([], [entry()]).differences
    assert difference.detail == {
        "state": "booked",
        "refused": False,
        "booked_at": NOON.isoformat(),
        "ours_charges_paise": 3,
    }


def test_an_empty_day_is_matched() -> None:
    assert match([], []) == Result()


def test_a_large_day_is_matched_in_one_pass() -> None:
    theirs = [row(str(number)) for number in range(50_000)]
    ours = [entry(str(number)) for number in range(50_000)]
    result = match(theirs, ours[1:])
    assert (result.matched, len(result.differences)) == (49_999, 1)
