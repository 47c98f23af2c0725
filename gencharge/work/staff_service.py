"""What the staff do with the work queue: look, take over, try again, close.

Each kind is shown to those whose role shows it where it is settled. An admin who is limited to some operators sees what belongs to one
of them, and nothing that belongs to none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.events import outbox
from gencharge.core.events.events import changes, emit
from gencharge.core.http import language
from gencharge.core.http.paging import slice_page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.wording import in_language
from gencharge.payments import service as payments
from gencharge.sessions.guards import Action, Principal, Resource, permission
from gencharge.work import crud, service
from gencharge.work.errors import (
    WorkAssigneeInvalid,
    WorkItemNotFound,
    WorkNotClosable,
    WorkNotRepeatable,
)
from gencharge.work.events import WorkAssigned, WorkClosed, WorkRerun
from gencharge.work.models import WorkKind
from gencharge.work.staff_schemas import (
    AssignWork,
    SettleWork,
    WorkFigures,
    WorkItemOut,
    WorkOwner,
    WorkPage,
    WorkQuery,
    WorkSummary,
)

RESOURCES: Final = {
    WorkKind.STUCK_RECHARGE: Resource.RECHARGE,
    WorkKind.DISPUTED_DELIVERY: Resource.RECHARGE,
    WorkKind.DIFFERENCE: Resource.PAYMENTS,
    WorkKind.ADJUSTMENT: Resource.WALLET,
    WorkKind.APPROVAL: Resource.RECHARGE,
    WorkKind.COMPLAINT: Resource.WALLET,
    WorkKind.KYC_REQUEST: Resource.WALLET,
    WorkKind.PARKED_DELIVERY: Resource.ROLES,  # what is at fault is the product
    WorkKind.PARKED_GATEWAY_EVENT: Resource.PAYMENTS,
    WorkKind.DISABLED_ENDPOINT: Resource.PAYMENTS,
    WorkKind.OPEN_BREAKER: Resource.RECHARGE,
    WorkKind.PAYOUT: Resource.PAYMENTS,
    WorkKind.LOW_FLOAT: Resource.RECHARGE,
    WorkKind.FAILED_LEDGER_CHECK: Resource.WALLET,
}
_RERUN: Final = frozenset({WorkKind.PARKED_DELIVERY, WorkKind.PARKED_GATEWAY_EVENT})
# What has no place of its own where it would end.
_CLOSED_HERE: Final = frozenset({WorkKind.DISPUTED_DELIVERY, WorkKind.PARKED_GATEWAY_EVENT})


@dataclass(frozen=True, slots=True)
class Worker:
    """The admin who asks, and what their role allows."""

    admin: Principal
    allows: Callable[[Resource], bool]
    # Whether they may request and approve an act.
    may_do: Callable[[str], bool]

    def kinds(self) -> list[WorkKind]:
        """The kinds that the role shows."""
        return [kind for kind in WorkKind if self.allows(RESOURCES[kind])]

    def sees(self, row: crud.Waiting) -> bool:
        """Whether it belongs to one of the admin's operators, and the role allows what it waits for."""
        if row.act is not None and not self.may_do(row.act):
            return False
        return not self.admin.operator_scope or (row.operator is not None and self.admin.sees(row.operator))


async def list_work(db: AsyncSession, worker: Worker, query: WorkQuery) -> WorkPage:
    """A page of what waits, the oldest first; of each kind up to 500."""
    kinds = [kind for kind in worker.kinds() if query.kind in {None, kind}]
    items = await _items(db, worker, kinds)
    if query.owner is not None:
        owner = worker.admin.user_id if query.owner is WorkOwner.OWN else None
        items = [item for item in items if item.assignee_id == owner]
    rows, cursor, total = slice_page(
        items, query, lambda item: (item.waiting_since, item.kind.value, item.item)
    )
    return WorkPage(items=rows, next_cursor=cursor, total=total)


async def summarize(db: AsyncSession, worker: Worker) -> WorkSummary:
    """How much of each kind waits that the role shows."""
    kinds = worker.kinds()
    items = await _items(db, worker, kinds)
    figures = []
    for kind in kinds:
        of_kind = [item for item in items if item.kind is kind]
        figures.append(
            WorkFigures(
                kind=kind,
                count=len(of_kind),
                unassigned=sum(item.assignee_id is None for item in of_kind),
                oldest_at=min((item.waiting_since for item in of_kind), default=None),
            )
        )
    return WorkSummary(kinds=figures)


async def assign(db: AsyncSession, worker: Worker, command: AssignWork) -> WorkItemOut:
    """Say who works on an item. Raises WorkItemNotFound, WorkAssigneeInvalid."""
    item = await _find(db, worker, command.kind, command.item)
    if command.assignee_id is not None:
        needed = permission(RESOURCES[command.kind], Action.READ)
        if command.assignee_id not in await admins.holders_of(db, needed, item.operator):
            raise WorkAssigneeInvalid
    await crud.set_assignee(db, command.kind, command.item, command.assignee_id)
    before = {"assignee_id": item.assignee_id and str(item.assignee_id)}
    after = {"assignee_id": command.assignee_id and str(command.assignee_id)}
    await emit(
        db,
        WorkAssigned(user_id=str(SYSTEM_USER_ID), work_id=_name(command), changes=changes(before, after)),
    )
    return await _find(db, worker, command.kind, command.item)


async def rerun(db: AsyncSession, worker: Worker, command: SettleWork) -> None:
    """Have a parked delivery or event of the gateway tried again by the worker.

    Raises WorkItemNotFound, also if it is not parked any more, WorkNotRepeatable.
    """
    await _find(db, worker, command.kind, command.item)
    if command.kind is WorkKind.PARKED_DELIVERY:
        user_id, event_id, listener = command.item.split("/", 2)
        done = await outbox.unpark(db, UUID(user_id), UUID(event_id), listener)
    elif command.kind is WorkKind.PARKED_GATEWAY_EVENT:
        done = await payments.rerun_parked_event(db, command.item)
        # If it is parked again, that is reported again.
        await service.close(db, command.kind, command.item)
    else:
        raise WorkNotRepeatable
    if not done:
        raise WorkItemNotFound
    await crud.set_assignee(db, command.kind, command.item, None)
    await emit(db, WorkRerun(user_id=str(SYSTEM_USER_ID), work_id=_name(command), reason=command.reason))


async def close(db: AsyncSession, worker: Worker, command: SettleWork) -> None:
    """Take something off the list that ends nowhere else. Raises WorkItemNotFound, WorkNotClosable."""
    await _find(db, worker, command.kind, command.item)
    if command.kind not in _CLOSED_HERE:
        raise WorkNotClosable
    if not await service.close(db, command.kind, command.item):
        raise WorkItemNotFound
    await crud.set_assignee(db, command.kind, command.item, None)
    await emit(db, WorkClosed(user_id=str(SYSTEM_USER_ID), work_id=_name(command), reason=command.reason))


async def _find(db: AsyncSession, worker: Worker, kind: WorkKind, item_id: str) -> WorkItemOut:
    kinds = [kind] if kind in worker.kinds() else []
    for item in await _items(db, worker, kinds):
        if item.item == item_id:
            return item
    raise WorkItemNotFound


async def _items(db: AsyncSession, worker: Worker, kinds: list[WorkKind]) -> list[WorkItemOut]:
    now = clock.now()
    assignees = await crud.list_assignees(db, kinds)
    return [
        WorkItemOut(
            kind=row.kind,
            item=row.item_id,
            title=in_language(row.title, language.spoken()),
            operator=row.operator,
            waiting_since=row.since,
            age_seconds=max(0, round((now - row.since).total_seconds())),
            assignee_id=assignees.get((row.kind.value, row.item_id)),
            path=row.path,
            can_rerun=row.kind in _RERUN,
            can_close=row.kind in _CLOSED_HERE,
        )
        for row in await crud.list_waiting(db, kinds)
        if worker.sees(row)
    ]


def _name(command: AssignWork | SettleWork) -> str:
    return f"{command.kind.value}:{command.item}"
