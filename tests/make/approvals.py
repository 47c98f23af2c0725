"""Builders for tests of approvals: an act that only notes that it was done, and two admins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.approvals import service as approvals
from gencharge.approvals import staff_service
from gencharge.approvals.staff_service import Reviewer
from gencharge.core.errors import Conflict
from gencharge.core.http.idempotency import Answered
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import ALL, Principal

PERMISSION = "Payments:edit"


class NotNow(Conflict):
    """The act can't be done now."""


class ApprovalCase:
    """Requests for one act, and those who decide on them."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.done: list[Approved] = []
        self.is_shut = False
        self.act = Act(name=f"ring_{new_id().hex[-8:]}", permission=PERMISSION, run=self._ring)
        self.asker, self.other = self.reviewer(), self.reviewer()

    async def _ring(self, _db: AsyncSession, approved: Approved) -> None:
        if self.is_shut:
            raise NotNow
        self.done.append(approved)

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Within the block the act is refused."""
        self.is_shut = True
        try:
            yield
        finally:
            self.is_shut = False

    def reviewer(self, *granted: str, scope: tuple[str, ...] = ()) -> Reviewer:
        """Another admin, who holds the act's permission unless others are named."""
        admin = Principal(
            user_id=new_id(), kind="admin", session_id=new_id(), role="Manager", operator_scope=scope
        )
        return Reviewer(admin, granted or (PERMISSION,), {self.act.name: self.act})

    async def ask(
        self, target: str, by: UUID | None = None, **overrides: Any
    ) -> Answered[approvals.ApprovalOut]:
        """Request the act for a target."""
        values: dict[str, Any] = {"summary": "Ring the bell.", "reason": "asked for", "payload": {"times": 1}}
        proposal = approvals.Proposal(act=self.act, target=target, **values | overrides)
        admin_id = by or self.asker.admin.user_id
        return await self.stores.database.run(lambda db: approvals.request(db, admin_id, proposal))

    async def decide(
        self, verb: str, approval_id: UUID, reviewer: Reviewer | None = None
    ) -> approvals.ApprovalOut:
        """Approve, reject or cancel; by the other admin unless one is named."""
        decide = getattr(staff_service, verb)
        by = reviewer or (self.asker if verb == "cancel" else self.other)
        result: approvals.ApprovalOut = await self.stores.database.run(
            lambda db: decide(db, by, approval_id, "was checked")
        )
        return result


async def decide(db: AsyncSession, request: approvals.ApprovalOut, *, by: UUID) -> None:
    """Approve a request of any act, as an admin with all permissions."""
    admin = Principal(user_id=by, kind="admin", session_id=new_id(), role="SuperAdmin")
    reviewer = Reviewer(admin, ALL, wiring.ACTS)
    await staff_service.approve(db, reviewer, request.approval_id, "was checked")
