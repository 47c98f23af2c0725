"""Matches a statement with our books, by reference. Pure: rows in, differences out.

A row and an entry with one reference are the same transaction, whatever the day: around midnight the two sides may
record different ones. A row of the day is looked up in our books of all days. An entry of the day without a row is
looked up in `elsewhere`, their references of other days, before it counts as missing. Both sides of a pair are
counted on the day of the statement.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gencharge.reconciliation.models import DifferenceKind, DifferenceResolution, EntryState


@dataclass(frozen=True, slots=True)
class TheirRow:
    """A row of a statement. Amounts in paise; a refund's amount is negative.

    `charges` is an operator's commission to us, or a gateway's fee. If `done` is false, the transaction failed.
    """

    reference: str
    amount: int
    charges: int
    at: datetime
    done: bool = True
    their_reference: str = ""
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class OurEntry:
    """What we know of a reference. `amount` is None if no money was booked under it; then `state` says why."""

    reference: str
    user_id: UUID
    amount: int | None
    charges: int | None = None
    booked_at: datetime | None = None
    began_at: datetime | None = None
    recharge_id: UUID | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    state: EntryState = EntryState.BOOKED
    # True if they had reported that it failed.
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """How the two sides disagree on a reference, and the proposed resolution."""

    kind: DifferenceKind
    reference: str
    proposed: DifferenceResolution
    ours: int | None
    theirs: int | None
    entry: OurEntry | None
    detail: dict[str, object]


@dataclass(slots=True)
class Result:
    """Counts, sums in paise and the differences of a run."""

    rows_theirs: int = 0
    rows_ours: int = 0
    matched: int = 0
    theirs: int = 0
    ours: int = 0
    carried: int = 0
    charges: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class Matching:
    """One statement being matched. `starts` is the day's first instant, `ends` the next day's."""

    starts: datetime
    ends: datetime
    # An operator's commission is compared. A gateway's fee is not in our books.
    compare_charges: bool
    result: Result = field(default_factory=Result)

    def run(
        self,
        theirs: Sequence[TheirRow],
        ours: Iterable[OurEntry],
        known: Mapping[str, OurEntry],
        elsewhere: Container[str],
    ) -> Result:
        """Match the day's rows with the entries `known` by reference, then look for rows of `ours`, the day's entries.

        `elsewhere`: the references that other days' statements list.
        """
        seen: set[str] = set()
        for row in theirs:
            self.result.rows_theirs += 1
            self.result.theirs += row.amount if row.done else 0
            self.result.charges += row.charges if row.done else 0
            entry = known.get(row.reference)
            if row.reference in seen:
                if row.done:
                    self._add(
                        DifferenceKind.DUPLICATE_AT_THEIRS,
                        DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
                        entry,
                        row,
                        ours=None,
                    )
                continue
            seen.add(row.reference)
            self._row(row, entry)
        for entry in ours:
            if entry.reference in seen:
                continue
            assert entry.amount is not None, "an entry of the books has an amount"
            if entry.reference in elsewhere:
                self.result.carried -= entry.amount
                continue
            self._count(entry)
            self._add(
                DifferenceKind.MISSING_AT_THEIRS,
                DifferenceResolution.ASK_OPERATOR_AGAIN,
                entry,
                None,
                ours=entry.amount,
            )
        return self.result

    def _row(self, row: TheirRow, entry: OurEntry | None) -> None:
        if entry is None or entry.state is EntryState.FOREIGN:
            if row.done:
                self._add(
                    DifferenceKind.EXTRA_ROW,
                    DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
                    entry,
                    row,
                    ours=None,
                )
        elif entry.amount is None:
            self._not_booked(row, entry)
        else:
            self._count(entry)
            self._booked(row, entry, entry.amount)

    def _not_booked(self, row: TheirRow, entry: OurEntry) -> None:
        if not row.done:
            if entry.state is EntryState.UNDER_WAY:
                self._add(
                    DifferenceKind.STATUS_DIFFERS,
                    DifferenceResolution.FAIL_AND_RELEASE,
                    entry,
                    row,
                    ours=None,
                )
        elif entry.state is EntryState.UNDER_WAY:
            proposed = (
                DifferenceResolution.SETTLE_DELIVERED
                if entry.recharge_id
                else DifferenceResolution.ASK_OPERATOR_AGAIN
            )
            self._add(DifferenceKind.STATUS_DIFFERS, proposed, entry, row, ours=None)
        elif entry.state is EntryState.ELSEWHERE:
            self._add(
                DifferenceKind.DUPLICATE_AT_THEIRS,
                DifferenceResolution.CLAIM_FROM_COUNTERPARTY,
                entry,
                row,
                ours=None,
            )
        else:
            claim = entry.refused or entry.recharge_id is None
            proposed = (
                DifferenceResolution.CLAIM_FROM_COUNTERPARTY if claim else DifferenceResolution.WRITE_OFF
            )
            if entry.payment_id and entry.refund_id is None and row.amount > 0:
                proposed = DifferenceResolution.ASK_OPERATOR_AGAIN
            self._add(DifferenceKind.MISSING_AT_OURS, proposed, entry, row, ours=None)

    def _booked(self, row: TheirRow, entry: OurEntry, amount: int) -> None:
        if not row.done:
            self._add(
                DifferenceKind.STATUS_DIFFERS,
                DifferenceResolution.ASK_OPERATOR_AGAIN,
                entry,
                row,
                ours=amount,
            )
        elif row.amount != amount:
            overcharged = row.amount > amount if self.compare_charges else row.amount < amount
            proposed = (
                DifferenceResolution.CLAIM_FROM_COUNTERPARTY
                if overcharged
                else DifferenceResolution.WRITE_OFF
            )
            self._add(DifferenceKind.AMOUNT_DIFFERS, proposed, entry, row, ours=amount)
        elif self.compare_charges and row.charges != (entry.charges or 0):
            underpaid = row.charges < (entry.charges or 0)
            proposed = (
                DifferenceResolution.CLAIM_FROM_COUNTERPARTY if underpaid else DifferenceResolution.WRITE_OFF
            )
            self._add(DifferenceKind.COMMISSION_DIFFERS, proposed, entry, row, ours=amount)
        else:
            self.result.matched += 1

    def _count(self, entry: OurEntry) -> None:
        amount = entry.amount or 0
        self.result.rows_ours += 1
        self.result.ours += amount
        if entry.booked_at is not None and not self.starts <= entry.booked_at < self.ends:
            self.result.carried += amount

    def _add(
        self,
        kind: DifferenceKind,
        proposed: DifferenceResolution,
        entry: OurEntry | None,
        row: TheirRow | None,
        *,
        ours: int | None,
    ) -> None:
        detail: dict[str, object] = {}
        if row is not None:
            detail |= {"at": row.at.isoformat(), "their_reference": row.their_reference, "done": row.done}
            if row.order_id:
                detail["order_id"] = row.order_id
            if self.compare_charges:
                detail["theirs_charges_paise"] = row.charges
        if entry is not None:
            detail |= {"state": entry.state.value, "refused": entry.refused}
            if entry.booked_at is not None:
                detail["booked_at"] = entry.booked_at.isoformat()
            if self.compare_charges and ours is not None:
                detail["ours_charges_paise"] = entry.charges or 0
        reference = row.reference if row is not None else entry.reference if entry is not None else ""
        theirs = row.amount if row is not None and row.done else None
        known = None if entry is not None and entry.state is EntryState.FOREIGN else entry
        self.result.differences.append(Difference(kind, reference, proposed, ours, theirs, known, detail))
