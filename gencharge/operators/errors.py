"""What can go wrong with operators and connections."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class OperatorNotFound(NotFound):
    """Operator not found."""


class OperatorInvalid(Invalid):
    """This is not a valid operator."""


class CircleInvalid(Invalid):
    """This is not a valid telecom circle."""


class OperatorAlreadyExists(Conflict):
    """An operator with this code already exists."""


class OperatorInUse(Conflict):
    """This operator still has plans or numbers. Set it to inactive instead."""
