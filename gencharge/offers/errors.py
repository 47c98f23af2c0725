"""What can go wrong with offers."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound


class OfferNotFound(NotFound):
    """There is no such offer."""


class OfferTypeNotFound(NotFound):
    """There is no such offer type."""


class OfferChanged(Conflict):
    """Somebody else changed this offer meanwhile; read it again and repeat the change."""


class OfferStatusFixed(Conflict):
    """An offer goes from draft to active, and between active and inactive."""


class OfferPublished(Conflict):
    """Only a draft can be deleted; set the status of a published offer to inactive."""


class OfferCodeTaken(Conflict):
    """Another offer has this code."""


class OfferTypeNameTaken(Conflict):
    """Another offer type has this name."""


class OfferTypeInUse(Conflict):
    """There are offers of this type; give them another one first."""
