"""What can go wrong with operators and connections."""

from __future__ import annotations

from gencharge.core.errors import Invalid, NotFound


class OperatorNotFound(NotFound):
    """There is no such operator."""


class UnknownOperator(Invalid):
    """This operator is not one that is served."""


class UnknownCircle(Invalid):
    """This is not a telecom circle."""
