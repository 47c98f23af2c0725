"""What can go wrong with a user."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, Invalid, NotFound, field_problem


class UserUnknown(NotFound):
    """There is no such user."""


class UserBlocked(Forbidden):
    """This account is blocked; ask support."""


class AlreadyRegistered(Conflict):
    """You have registered already."""


class ReferralCodeUnknown(Invalid):
    """There is no such referral code."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.referral_code", self.title(), "referral_code_unknown")])


class OwnReferralCode(Invalid):
    """Your own referral code can't refer you."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.referral_code", self.title(), "own_referral_code")])
