"""`/work`: one list of everything that waits for a person (staff)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import language, web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.core.rooms.acts import acts_of
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Gate, Principal, Requires, Resource, allows
from gencharge.work import staff_service
from gencharge.work.errors import (
    WorkAssigneeInvalid,
    WorkItemNotFound,
    WorkNotClosable,
    WorkNotRepeatable,
)
from gencharge.work.staff_schemas import (
    AssignWork,
    SettleWork,
    WorkItemOut,
    WorkPage,
    WorkQuery,
    WorkSummary,
)
from gencharge.work.staff_service import Worker

router = web.router("work")
Reader = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.READ, scoped=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True))]
SteppedUpEditor = Annotated[
    Principal, Depends(Requires(Resource.RECHARGE, Action.EDIT, scoped=True, step_up=True))
]
_READING: Final = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)
_SETTLING: Final = (*_READING, MalformedJson, StepUpRequired, WorkItemNotFound)


def _worker(request: Request, admin: Principal, action: Action) -> Worker:
    granted = Gate.of(request.app).grants.get(admin.role, frozenset())
    acts = acts_of(request)
    return Worker(
        admin,
        allows=lambda resource: allows(request, admin, resource, action),
        may_do=lambda act: act in acts and acts[act].permission in granted,
    )


@router.get(
    "",
    summary="What waits for a person (staff)",
    response_model=WorkPage,
    responses=web.errors(CursorInvalid, *_READING),
)
async def list_work(
    admin: Reader, request: Request, db: Db, query: Annotated[WorkQuery, Query()]
) -> Response:
    """Everything that waits for a person, the oldest first: what the role shows, of the admin's operators."""
    page = await staff_service.list_work(db, _worker(request, admin, Action.READ), query)
    return web.reply(page, headers=language.HEADERS[language.spoken()])


@router.get("/summary", summary="How much waits (staff)", responses=web.errors(*_READING))
async def get_summary(admin: Reader, request: Request, db: Db) -> WorkSummary:
    """How much of each kind waits, how much of it nobody took, and since when."""
    return await staff_service.summarize(db, _worker(request, admin, Action.READ))


@router.put(
    "/assignee",
    summary="Say who works on something (staff)",
    response_model=WorkItemOut,
    responses=web.errors(*_READING, MalformedJson, WorkItemNotFound, WorkAssigneeInvalid),
)
async def assign_work(admin: Editor, request: Request, db: Db, body: AssignWork) -> Response:
    """Take something over, give it to a colleague whose role shows it, or give it back."""
    item = await staff_service.assign(db, _worker(request, admin, Action.READ), body)
    return web.reply(item, headers=language.HEADERS[language.spoken()])


@router.post(
    "/reruns",
    summary="Try something again that was parked (staff)",
    status_code=204,
    responses=web.errors(*_SETTLING, WorkNotRepeatable),
)
async def rerun_work(admin: SteppedUpEditor, request: Request, db: Db, body: SettleWork) -> None:
    """Have the worker try a parked delivery or event of the gateway again. Needs step-up, and the right to edit where it belongs."""
    await staff_service.rerun(db, _worker(request, admin, Action.EDIT), body)


@router.post(
    "/closings",
    summary="Take something off the list (staff)",
    status_code=204,
    responses=web.errors(*_SETTLING, WorkNotClosable),
)
async def close_work(admin: SteppedUpEditor, request: Request, db: Db, body: SettleWork) -> None:
    """Close what ends nowhere else: a disputed delivery, an event of the gateway that stays unknown. Needs step-up."""
    await staff_service.close(db, _worker(request, admin, Action.EDIT), body)
