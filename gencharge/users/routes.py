"""Users over HTTP."""

from __future__ import annotations

from gencharge.core.database import Db
from gencharge.core.web import errors, router
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users import service
from gencharge.users.errors import UserUnknown
from gencharge.users.schemas import UserOut

routes = router("users")


@routes.get("/me", response_model=UserOut, responses=errors(*USER_ERRORS, UserUnknown))
async def read_me(db: Db, me: SignedInUser) -> UserOut:
    """Who I am."""
    return UserOut.model_validate(await service.get(db, me.user_id))
