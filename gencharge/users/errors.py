"""What can go wrong with a user."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, Invalid, NotFound, field_problem


class UserNotFound(NotFound):
    """User not found."""


class UserBlocked(Forbidden):
    """This account is blocked. Contact support."""


class UserNotActive(Conflict):
    """Only an active user can be blocked or deactivated."""


class UserNotBlocked(Conflict):
    """Only a blocked user can be unblocked."""


class UserNotDeactivated(Conflict):
    """Only a deactivated user can be reactivated."""


class UserAlreadyArchived(Conflict):
    """This account is archived and can no longer be changed."""


class UserTypeAlreadySet(Conflict):
    """The account already has this type."""


# Raised by higher rooms when an account is closed or its type is switched. They are here because our routes list them.


class WalletNotEmpty(Conflict):
    """There is still money in the wallet. Spend it, or have it paid out with `payout=true`."""


class WalletHasHolds(Conflict):
    """Part of the balance is on hold for a pending recharge. Wait until it is completed."""


class PlanTypeMismatch(Conflict):
    """The number still has an active or queued plan of the current type."""


class FreshSignInRequired(Forbidden):
    """This needs a sign-in of the last few minutes. Sign in again with a new code, then repeat the request."""


class KycTierAlreadySet(Conflict):
    """You have the full tier already."""


class KycRequestAlreadyPending(Conflict):
    """You have asked for it already. We will tell you as soon as it is decided."""


class KycRequestNotFound(NotFound):
    """KYC request not found."""


class KycRequestAlreadyDecided(Conflict):
    """This KYC request was decided already."""


class SavedNumberNotFound(NotFound):
    """Saved number not found."""


class SavedNumberAlreadyExists(Conflict):
    """You have already saved this number."""

    def __init__(self) -> None:
        super().__init__(
            errors=[field_problem("body.phone_number", self.title(), "saved_number_already_exists")]
        )


class SavedNumberLimitExceeded(Conflict):
    """You can't save any more numbers. Remove one first."""


class SortInvalid(Invalid):
    """Search results can only be sorted by name."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("query.sort", "Must be `name` or `-name`", "sort_invalid")])


class UserAlreadyRegistered(Conflict):
    """You have already registered."""


class EmailAlreadyConfirmed(Conflict):
    """Your account has another, confirmed e-mail address. Register with that one; you can change it afterwards."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.email", self.title(), "email_already_confirmed")])


class ReferralCodeInvalid(Invalid):
    """This referral code is not valid."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.referral_code", self.title(), "referral_code_invalid")])


class OwnReferralCode(Invalid):
    """You can't use your own referral code."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.referral_code", self.title(), "own_referral_code")])
