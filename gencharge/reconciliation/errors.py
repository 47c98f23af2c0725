"""What can go wrong with reconciliation."""

from __future__ import annotations

from collections.abc import Sequence

from gencharge.core.errors import Conflict, Invalid, NotFound


class ReconciliationRunNotFound(NotFound):
    """Reconciliation run not found."""


class DifferenceNotFound(NotFound):
    """This run has no such difference."""


class CounterpartyInvalid(Invalid):
    """This is not a known counterparty."""


class DayInvalid(Invalid):
    """This day has not started yet."""


class DifferenceAlreadyResolved(Conflict):
    """This difference has already been resolved in another way."""


class DifferenceSuperseded(Conflict):
    """A later run of the same day replaces this difference. Resolve the one it found."""


class ResolutionNotAllowed(Conflict):
    """This difference can't be resolved this way."""


class StatementUnavailable(Exception):
    """The counterparty's statement is not available right now."""


class StatementInvalid(Exception):
    """The file is not a valid statement. Nothing was matched; each problem names its line."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0] if problems else "unreadable")
        self.problems = list(problems)
