"""`/channels`: the channels over which operators are reached (staff)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response
from starlette.status import HTTP_201_CREATED

from gencharge.approvals.errors import ApprovalAlreadyPending
from gencharge.approvals.service import WAITING, ApprovalOut, waiting
from gencharge.channels import health_staff_service, secrets_service, staff_service
from gencharge.channels.errors import (
    ChannelAddressChanged,
    ChannelAddressNotPending,
    ChannelAlreadyExists,
    ChannelAmountsInvalid,
    ChannelCommissionInvalid,
    ChannelInUse,
    ChannelNotFound,
    ChannelSecondAdminRequired,
    ChannelUrlInvalid,
)
from gencharge.channels.staff_schemas import (
    ChannelAddressApproval,
    ChannelCreate,
    ChannelHealthOut,
    ChannelOut,
    ChannelQuery,
    ChannelSecretsOut,
    ChannelUpdate,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.postgres.database import Db
from gencharge.operators.errors import OperatorInvalid
from gencharge.sessions.errors import OperatorOutOfScope, StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

router = web.router("channels")
Code = Annotated[str, Path(pattern=r"^[a-z0-9-]{2,40}$")]
Reader = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.READ, scoped=True))]
Creator = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.WRITE, scoped=True, step_up=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.EDIT, scoped=True, step_up=True))]
Deleter = Annotated[
    Principal, Depends(Requires(Resource.OPERATORS, Action.DELETE, scoped=True, step_up=True))
]
_ALWAYS = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)
_CHANGING = (StepUpRequired, *_ALWAYS)


@router.get("", summary="Channels (staff)", responses=web.errors(CursorInvalid, *_ALWAYS))
async def list_channels(admin: Reader, db: Db, query: Annotated[ChannelQuery, Query()]) -> Page[ChannelOut]:
    """The channels of the operators in my scope, in the order in which they are tried."""
    return await staff_service.list_all(db, admin, query)


@router.post(
    "",
    summary="Add a channel (staff)",
    status_code=HTTP_201_CREATED,
    response_model=ChannelOut,
    responses=web.errors(
        MalformedJson,
        ChannelAlreadyExists,
        OperatorInvalid,
        ChannelAmountsInvalid,
        OperatorOutOfScope,
        ChannelUrlInvalid,
        *_CHANGING,
    ),
)
async def create_channel(admin: Creator, request: Request, db: Db, command: ChannelCreate) -> ChannelOut:
    """Add a channel to an operator. A second admin has to approve its address; within a second after that recharges use
    it, if the operator's channel is `api`. All SuperAdmins are told. Needs
    step-up."""
    return await staff_service.create(db, admin, command, settings=request.app.state.settings)


@router.get(
    "/{channel}/health", summary="How a channel does (staff)", responses=web.errors(ChannelNotFound, *_ALWAYS)
)
async def get_channel_health(admin: Reader, db: Db, channel: Code) -> ChannelHealthOut:
    """How many of the last hour's submissions were delivered and how fast, our balance at the operator, and why it is paused."""
    return await health_staff_service.show(db, admin, channel)


@router.patch(
    "/{channel}",
    summary="Change a channel (staff)",
    response_model=ChannelOut,
    responses=WAITING
    | web.errors(
        ApprovalAlreadyPending,
        ChannelCommissionInvalid,
        MalformedJson,
        ChannelNotFound,
        ResourceChanged,
        ChannelAmountsInvalid,
        ChannelUrlInvalid,
        *_CHANGING,
    ),
)
async def update_channel(
    admin: Editor,
    request: Request,
    db: Db,
    channel: Code,
    command: ChannelUpdate,
    if_match: IfMatch = None,
) -> ChannelOut | Response:
    """Change its priority, weight, amounts or state. Pending recharges stay on it. Another address waits for
    the approval of a second admin; until then the present one is used. So does another commission, which must be the only
    field of its request: 202. Needs step-up."""
    settings = request.app.state.settings
    answer = await staff_service.update(db, admin, channel, command, settings=settings, if_match=if_match)
    return waiting(answer) if isinstance(answer, ApprovalOut) else answer


@router.post(
    "/{channel}/address/approve",
    summary="Approve a channel's address (staff)",
    responses=web.errors(
        MalformedJson,
        ChannelNotFound,
        ChannelAddressNotPending,
        ChannelAddressChanged,
        ChannelSecondAdminRequired,
        ChannelUrlInvalid,
        *_CHANGING,
    ),
)
async def approve_channel_address(
    admin: Editor, request: Request, db: Db, channel: Code, command: ChannelAddressApproval
) -> ChannelOut:
    """Approve the address that another admin entered in the last seven days. Recharges go there within a second. Needs
    step-up."""
    settings = request.app.state.settings
    return await staff_service.approve_address(db, admin, channel, command, settings=settings)


@router.post(
    "/{channel}/address/reject",
    summary="Reject a channel's address (staff)",
    responses=web.errors(ChannelNotFound, ChannelAddressNotPending, *_CHANGING),
)
async def reject_channel_address(admin: Editor, db: Db, channel: Code) -> ChannelOut:
    """Drop the address that waits for approval. The one in use stays. Needs step-up."""
    return await staff_service.reject_address(db, admin, channel)


@router.post(
    "/{channel}/rotate-secrets",
    summary="Give a channel new secrets (staff)",
    responses=web.errors(ChannelNotFound, *_CHANGING),
)
async def rotate_channel_secrets(admin: Editor, request: Request, db: Db, channel: Code) -> ChannelSecretsOut:
    """New secrets for both directions, shown this once. Those before count, too, for a day. Needs step-up."""
    return await secrets_service.rotate(db, admin, channel, settings=request.app.state.settings)


@router.delete(
    "/{channel}",
    summary="Delete a channel (staff)",
    status_code=204,
    responses=web.errors(ChannelNotFound, ChannelInUse, *_CHANGING),
)
async def delete_channel(admin: Deleter, db: Db, channel: Code) -> None:
    """Delete a channel that was never used. Set any other to inactive with PATCH."""
    await staff_service.delete(db, admin, channel)
