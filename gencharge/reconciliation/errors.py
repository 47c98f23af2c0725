"""What can go wrong with reconciliation."""

from __future__ import annotations

from collections.abc import Sequence

from gencharge.core.errors import Conflict, Invalid, NotFound


class RunNotFound(NotFound):
    """There is no such run."""


class DifferenceNotFound(NotFound):
    """There is no such difference in this run."""


class CounterpartyUnknown(Invalid):
    """There is no such counterparty."""


class DayAhead(Invalid):
    """This day has not begun yet."""


class DifferenceResolved(Conflict):
    """This difference was resolved otherwise."""


class DifferenceSuperseded(Conflict):
    """A later run of the same day looked again; resolve what that one found."""


class ResolutionImpossible(Conflict):
    """This difference can't be resolved like that."""


class StatementUnavailable(Exception):
    """The counterparty's statement could not be had now."""


class StatementUnreadable(Exception):
    """The statement is not one, or has bad rows: each with its line. Nothing was matched."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0] if problems else "unreadable")
        self.problems = list(problems)
