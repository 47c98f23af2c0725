"""What can go wrong with offers."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound


class OfferNotFound(NotFound):
    """Offer not found."""


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
