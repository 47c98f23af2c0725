"""What can go wrong with a user."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, Invalid, NotFound, field_problem


class UserUnknown(NotFound):
    """There is no such user."""


class UserBlocked(Forbidden):
    """This account is blocked; ask support."""


class UserNotActive(Conflict):
    """Only an active user can be blocked or deactivated."""


class UserNotBlocked(Conflict):
    """Only a blocked user can be unblocked."""


class UserNotDeactivated(Conflict):
    """Only a deactivated user can be reactivated."""


class UserAlreadyArchived(Conflict):
    """This user was archived; nothing of it can be changed any more."""


class UserTypeUnchanged(Conflict):
    """The user is of this type already."""


# What rooms above have against closing an account or switching its type. Here, where the routes list them.


class WalletNotEmpty(Conflict):
    """There is money in the wallet; spend it, or have it paid out with `payout=true`."""


class WalletHoldsMoney(Conflict):
    """Money is set aside for a recharge that is not settled yet; wait until it is."""


class PlanOfOtherType(Conflict):
    """A plan of the other type is active or queued on the number."""


class FreshSignInRequired(Forbidden):
    """Sign in again with a new code first, and delete the account then."""


class SavedNumberUnknown(NotFound):
    """You have saved no such number."""


class NumberAlreadySaved(Conflict):
    """You have saved this number already."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("body.phone_number", self.title(), "number_already_saved")])


class SavedNumbersFull(Conflict):
    """You have saved as many numbers as can be saved; remove one first."""


class SearchSortedByName(Invalid):
    """What a search finds is sorted by name."""

    def __init__(self) -> None:
        super().__init__(errors=[field_problem("query.sort", "`name` or `-name`", "search_sorted_by_name")])


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
