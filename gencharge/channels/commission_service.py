"""Our share of what a customer pays: one admin asks for another commission, and a second one approves it.

A new channel needs no request for its commission: nothing is sent there before a second admin has approved its address.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.channels import crud
from gencharge.channels.errors import ChannelCommissionInvalid, ChannelNotFound
from gencharge.channels.events import ChannelUpdated
from gencharge.channels.models import OperatorChannel
from gencharge.channels.service import CHANNELS
from gencharge.channels.staff_schemas import ChannelUpdate
from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.rooms import snapshots
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.wording import worded
from gencharge.sessions.guards import Action, Principal, Resource, permission

_FIELD: Final = "commission_basis_points"


def is_changed(channel: OperatorChannel, command: ChannelUpdate) -> bool:
    """Whether a command names another commission than the channel's."""
    return _FIELD in command.model_fields_set and command.commission_basis_points != channel.commission_bp


async def propose(
    db: AsyncSession, admin: Principal, channel: OperatorChannel, command: ChannelUpdate
) -> ApprovalOut:
    """Have another commission wait for a second admin.

    Raises ChannelCommissionInvalid if the command names other fields, too, and ApprovalAlreadyPending.
    """
    if command.model_fields_set != {_FIELD}:
        problem = field_problem(
            f"body.{_FIELD}", "Must be the only field, because a second admin has to approve it", "not_alone"
        )
        raise ChannelCommissionInvalid(errors=[problem])
    new = command.commission_basis_points
    proposal = approvals.Proposal(
        act=CHANGE,
        target=f"channel:{channel.code}",
        summary=worded(
            "Change the commission of the channel {channel} from {before} to {after}.",
            channel=channel.code,
            before=_percent(channel.commission_bp),
            after=_percent(new),
        ),
        reason="",
        payload={"channel": channel.code, _FIELD: new},
        operator=channel.operator,
    )
    return (await approvals.request(db, admin.user_id, proposal)).answer


async def _change_approved(db: AsyncSession, approved: Approved) -> None:
    code, new = approved.payload["channel"], approved.payload[_FIELD]
    channel = await crud.lock_channel(db, code)
    if channel is None:
        raise ChannelNotFound
    changed = changes({_FIELD: channel.commission_bp}, {_FIELD: new})
    if not changed:
        return
    channel.commission_bp, channel.updated_at = new, clock.now()
    await db.flush()
    await snapshots.bump(db, CHANNELS)
    event = ChannelUpdated(
        user_id=str(SYSTEM_USER_ID), channel_id=code, operator=channel.operator, changes=changed
    )
    await emit(db, event)


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g} %"


CHANGE: Final = Act(
    name="change_commission", permission=permission(Resource.OPERATORS, Action.EDIT), run=_change_approved
)
