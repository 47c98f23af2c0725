"""What can go wrong with offers."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound, TooManyRequests


class OfferNotFound(NotFound):
    """Offer not found."""


class OfferNotApplicable(Conflict):
    """This offer does not apply to this recharge. Nothing was charged."""


class OfferNotBegun(OfferNotApplicable):
    """This offer has not started yet. Nothing was charged."""


class OfferEnded(OfferNotApplicable):
    """This offer has ended. Nothing was charged."""


class OfferUsedUp(OfferNotApplicable):
    """This offer has been used up. Nothing was charged."""


class OfferAlreadyUsed(OfferNotApplicable):
    """You have used this offer as often as it allows. Nothing was charged."""


class OfferCodeNotFound(NotFound):
    """There is no offer with this code. Check how it is spelled."""


class OfferCodeUsed(Conflict):
    """This code has already been used. Nothing was charged."""


class OfferCodeNotYours(Conflict):
    """This code is for another customer. Nothing was charged."""


class OfferCodeLimitExceeded(TooManyRequests):
    """You have entered too many wrong offer codes. Nothing was charged."""


class OfferCodeNotAllowed(Conflict):
    """This offer takes no one-time codes. Set its condition one_time_code first."""


class OfferChanged(Conflict):
    """The terms of this offer, or the price, have just changed. Nothing was charged. Get a new quote and use a new Idempotency-Key."""


class OfferTypeNotFound(NotFound):
    """Offer type not found."""


class OfferStatusNotAllowed(Conflict):
    """An offer can go from draft to active, and between active and inactive."""


class OfferAlreadyPublished(Conflict):
    """Only a draft can be deleted. Set a published offer to inactive instead."""


class OfferCodeAlreadyExists(Conflict):
    """Another offer already uses this code."""


class OfferTypeAlreadyExists(Conflict):
    """An offer type with this name already exists."""


class OfferTypeInUse(Conflict):
    """This type still has offers. Give them another type first."""
