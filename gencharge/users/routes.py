"""Users over HTTP."""

from __future__ import annotations

from gencharge.core import web
from gencharge.core.database import Db
from gencharge.core.web import errors
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users import service
from gencharge.users.errors import UserUnknown
from gencharge.users.schemas import UserOut

router = web.router("users")


@router.get("/me", response_model=UserOut, responses=errors(*USER_ERRORS, UserUnknown))
async def read_me(db: Db, me: SignedInUser) -> UserOut:
    """Who I am."""
    return UserOut.model_validate(await service.get(db, me.user_id))
