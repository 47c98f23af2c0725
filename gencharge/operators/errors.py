"""What can go wrong with operators and connections."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class OperatorNotFound(NotFound):
    """There is no such operator."""


class UnknownOperator(Invalid):
    """This operator is not one that is served."""


class UnknownCircle(Invalid):
    """This is not a telecom circle."""


class OperatorExists(Conflict):
    """There is an operator of this code already."""


class OperatorInUse(Conflict):
    """Plans or numbers refer to this operator; set it inactive instead of deleting it."""
