"""Runs: fetch a statement, match it, record the result.

    running -> matched | differences | failed

The statement is fetched outside any transaction; the result is recorded in one. A run may be executed again after its
worker died: only the first result counts. Of several runs of a day the last one to finish counts: differences that an
earlier one left open are superseded, those that were resolved stay resolved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as channels
from gencharge.channels.service import Channel, OperatorClient
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database, read_one_snapshot
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.clock import IST
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.payments.service import PaymentContext
from gencharge.reconciliation import books_crud, crud
from gencharge.reconciliation import statements_service as statements
from gencharge.reconciliation.errors import CounterpartyInvalid, StatementInvalid, StatementUnavailable
from gencharge.reconciliation.events import ReconciliationFinished
from gencharge.reconciliation.matching import Difference, Matching, OurEntry, Result
from gencharge.reconciliation.models import (
    GATEWAY,
    DifferenceStatus,
    ReconciliationDifference,
    ReconciliationRun,
    ReconciliationRunStatus,
    StatementSource,
)
from gencharge.reconciliation.statements_service import Statement

log = telemetry.get_logger(__name__)
STATEMENT_SECONDS: Final = 60.0
# The two sides' clocks differ by less than this.
SKEW: Final = timedelta(hours=1)
# The limit of other days' statements to fetch for entries that are not in the day's own.
MAX_OTHER_DAYS: Final = 8
# Ids of differences derive from what they are about: a later run finds the same id, and money moves for it once.
_NAMESPACE: Final = UUID("6f1c1f4e-6f0e-5b0e-9a53-7d0f2c1be001")


class CounterpartyContext:
    """The database and the connections to the counterparties. One per job or command; close it.

    A caller that has connections hands them over, and closes them itself.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        operators: OperatorClient | None = None,
        payments: PaymentContext | None = None,
    ) -> None:
        self.database: Database = stores.database
        self.operators = operators or OperatorClient(stores.settings, timeout_seconds=STATEMENT_SECONDS)
        self.payments = payments or PaymentContext.at(stores)

    async def close(self) -> None:
        """Close the connections to the counterparties."""
        await self.operators.close()
        await self.payments.gateway.close()

    async def channel(self, counterparty: str) -> Channel:
        """The channel with this code. Raises CounterpartyInvalid."""
        channel = (await self.database.run(channels.load_channels)).get(counterparty)
        if channel is None:
            raise CounterpartyInvalid
        return channel

    async def statement(self, counterparty: str, day: date) -> Statement:
        """The counterparty's statement of a day. Raises StatementUnavailable, StatementInvalid, CounterpartyInvalid."""
        if counterparty == GATEWAY:
            return await statements.fetch_from_gateway(self.payments, day)
        return await statements.fetch_from_operator(self.operators, await self.channel(counterparty), day)


def yesterday() -> date:
    """Yesterday's date in India."""
    return today() - timedelta(days=1)


def today() -> date:
    """Today's date in India."""
    return clock.now().astimezone(IST).date()


async def list_counterparties(db: AsyncSession, day: date) -> list[str]:
    """The counterparties of a day: the gateway, and the channels used on that day or the day before."""
    starts, ends = clock.start_of_day(day), clock.start_of_day(day + timedelta(days=1))
    return [GATEWAY, *await crud.list_used_channels(db, starts - timedelta(days=1), ends)]


async def list_channels(db: AsyncSession) -> list[str]:
    """The codes of all channels, used or not."""
    return sorted((await channels.load_channels(db)).channels)


async def begin(
    db: AsyncSession,
    counterparty: str,
    day: date,
    *,
    source: StatementSource = StatementSource.API,
    by: UUID = SYSTEM_USER_ID,
) -> UUID:
    """Add a run that is to be executed; returns its id."""
    run_id = new_id()
    await crud.add_run(
        db,
        run_id=run_id,
        counterparty=counterparty,
        day=day,
        source=source,
        requested_by=by,
        started_at=clock.now(),
    )
    return run_id


async def execute(
    context: CounterpartyContext, run_id: UUID, file: Statement | StatementInvalid | None = None
) -> ReconciliationRun:
    """Execute a run with the statement of a `file`, or else with one fetched from the counterparty; returns the ended run."""
    database = context.database
    run = await database.run(lambda db: crud.get_run(db, run_id))
    assert run is not None, "it was added before"
    if run.status != ReconciliationRunStatus.RUNNING:
        return run
    try:
        if isinstance(file, StatementInvalid):
            raise file
        statement = file or await context.statement(run.counterparty, run.day)
        result = await _match(context, run, statement, fetches=file is None)
    except (StatementUnavailable, CounterpartyInvalid) as error:
        problem = str(error)
        await database.run(lambda db: _fail(db, run_id, problem))
    except StatementInvalid as error:
        problem = "\n".join(error.problems)
        await database.run(lambda db: _fail(db, run_id, problem))
    else:
        await database.run(lambda db: _record(db, run_id, statement, result))
    ended = await database.run(lambda db: crud.get_run(db, run_id))
    assert ended is not None, "runs are never deleted"
    log.info(
        "reconciled",
        counterparty=ended.counterparty,
        day=ended.day.isoformat(),
        status=ended.status,
        differences=ended.differences,
    )
    return ended


@dataclass(slots=True)
class _Ours:
    """Our side of a day: its entries, the entries known by reference, and references of other days' statements."""

    entries: list[OurEntry]
    known: dict[str, OurEntry]
    reported: set[str]


async def _match(
    context: CounterpartyContext, run: ReconciliationRun, statement: Statement, *, fetches: bool
) -> Result:
    is_gateway = run.counterparty == GATEWAY
    starts, ends = clock.start_of_day(run.day), clock.start_of_day(run.day + timedelta(days=1))

    async def look(db: AsyncSession) -> _Ours:
        await read_one_snapshot(db)
        if is_gateway:
            entries = await books_crud.list_gateway(db, GATEWAY, starts, ends)
            known = await books_crud.find_orders(db, GATEWAY, statement.rows)
        else:
            entries = await books_crud.list_delivered(db, run.counterparty, starts, ends)
            known = await books_crud.find_references(db, run.counterparty, statement.rows)
        absent = {entry.reference for entry in entries} - {row.reference for row in statement.rows}
        return _Ours(entries, known, await books_crud.find_reported(db, run.counterparty, run.day, absent))

    ours = await context.database.run(look)
    elsewhere = ours.reported | {row.reference for row in statement.beside if row.done}
    if fetches:
        have = elsewhere | {row.reference for row in statement.rows}
        missing = [entry for entry in ours.entries if entry.reference not in have]
        elsewhere |= await _references_beside(context, run, missing)
    matching = Matching(starts, ends, compare_charges=not is_gateway)
    return matching.run(statement.rows, ours.entries, ours.known, elsewhere)


async def _references_beside(
    context: CounterpartyContext, run: ReconciliationRun, missing: Iterable[OurEntry]
) -> set[str]:
    """References in the statements of other days on which they may have recorded the `missing` entries."""
    days: set[date] = set()
    for entry in missing:
        assert entry.booked_at is not None, "entries of a day are booked"
        first = ((entry.began_at or entry.booked_at) - SKEW).astimezone(IST).date()
        last = (entry.booked_at + SKEW).astimezone(IST).date()
        days.update(first + timedelta(days=number) for number in range((last - first).days + 1))
    days.discard(run.day)
    references: set[str] = set()
    for day in sorted(days, key=lambda day: abs(day - run.day))[:MAX_OTHER_DAYS]:
        try:
            beside = await context.statement(run.counterparty, day)
        except StatementUnavailable:
            if day < run.day:
                raise
            continue  # a day that is not over may have no statement yet; a later run fetches it
        references.update(row.reference for row in beside.rows if row.done)
    return references


async def _lock(db: AsyncSession, run_id: UUID) -> ReconciliationRun:
    """The run, after all runs of its day were locked: two executions of one run record one result."""
    run = await crud.get_run(db, run_id)
    assert run is not None, "runs are never deleted"
    runs = await crud.lock_day(db, run.counterparty, run.day)
    return next(each for each in runs if each.run_id == run_id)


async def _fail(db: AsyncSession, run_id: UUID, problem: str) -> None:
    run = await _lock(db, run_id)
    if run.status != ReconciliationRunStatus.RUNNING:
        return
    run.status, run.error, run.finished_at = ReconciliationRunStatus.FAILED.value, problem[:2000], clock.now()
    await emit(
        db,
        ReconciliationFinished(
            user_id=str(SYSTEM_USER_ID),
            run_id=str(run_id),
            counterparty=run.counterparty,
            day=run.day.isoformat(),
            status=run.status,
            error=problem[:200],
        ),
    )


async def _record(db: AsyncSession, run_id: UUID, statement: Statement, result: Result) -> None:
    run = await _lock(db, run_id)
    if run.status != ReconciliationRunStatus.RUNNING:
        return
    now = clock.now()
    await crud.supersede(db, run.counterparty, run.day, run_id, now)
    settled = await crud.list_settled(db, run.counterparty, run.day)
    await crud.end_claims(db, run.counterparty, run.day, run_id)
    await crud.add_differences(db, list(_rows(run, result.differences, settled)))
    run.status = (
        ReconciliationRunStatus.DIFFERENCES if result.differences else ReconciliationRunStatus.MATCHED
    ).value
    run.statement_sha256 = statement.sha256
    run.rows_theirs, run.rows_ours, run.matched = result.rows_theirs, result.rows_ours, result.matched
    run.theirs_paise, run.ours_paise = result.theirs, result.ours
    run.difference_paise = result.theirs - result.ours
    run.carried_paise, run.charges_paise = result.carried, result.charges
    run.differences = len(result.differences)
    # Another run of the day may have finished while this one was running: the last to finish counts.
    run.finished_at, run.superseded_at = now, None
    await emit(
        db,
        ReconciliationFinished(
            user_id=str(SYSTEM_USER_ID),
            run_id=str(run_id),
            counterparty=run.counterparty,
            day=run.day.isoformat(),
            status=run.status,
            rows_theirs=run.rows_theirs,
            rows_ours=run.rows_ours,
            matched=run.matched,
            differences=run.differences,
            difference_paise=run.difference_paise,
        ),
    )


def _rows(
    run: ReconciliationRun,
    differences: Iterable[Difference],
    settled: Mapping[UUID, ReconciliationDifference],
) -> Iterable[dict[str, object]]:
    """The differences as rows. One that an earlier run of the day settled, with the same amounts, stays settled."""
    occurrences: Counter[str] = Counter()
    for difference in differences:
        name = f"{run.counterparty}|{run.day}|{difference.kind}|{difference.reference}"
        occurrences[name] += 1
        difference_id = uuid5(_NAMESPACE, f"{name}|{occurrences[name]}")
        entry = difference.entry
        row: dict[str, object] = {
            "run_id": run.run_id,
            "difference_id": difference_id,
            "counterparty": run.counterparty,
            "day": run.day,
            "kind": difference.kind.value,
            "reference": difference.reference,
            "user_id": entry.user_id if entry else None,
            "recharge_id": entry.recharge_id if entry else None,
            "payment_id": entry.payment_id if entry else None,
            "refund_id": entry.refund_id if entry else None,
            "ours_paise": difference.ours,
            "theirs_paise": difference.theirs,
            "detail": difference.detail,
            "proposed_resolution": difference.proposed.value,
            "status": DifferenceStatus.OPEN.value,
            "resolution": None,
            "note": None,
            "resolved_by": None,
            "resolved_at": None,
        }
        earlier = settled.get(difference_id)
        if earlier is not None and (earlier.ours_paise, earlier.theirs_paise) == (
            difference.ours,
            difference.theirs,
        ):
            names = ("status", "resolution", "note", "resolved_by", "resolved_at")
            row |= {name: getattr(earlier, name) for name in names}
        yield row
