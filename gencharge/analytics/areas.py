"""What an area of figures is made of: its facts, what they are told apart by, and the state that it counts.

The definitions in here are what readers of the API and of docs/reference/figures.md see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gencharge.analytics.models import Cut
from gencharge.sessions.guards import Resource

ALL: Final = "all"
NOW: Final = "now"
OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happens, and counts on the day in India on which it happened.

    `source` is SQL from FROM on, with a condition; `at`, `amount` (paise), `operator` and `keys` are columns of it. `at` and `keys` never
    change once the fact is there, so a day may be counted again at any time.
    """

    name: str
    means: str
    source: str = ""
    at: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    amount: str | None = None
    operator: str = "''"
    # Of figures of recharges: the column, or the sum of columns, that counts it.
    count: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What there is now, by what it is told apart by. Counted as a fact of the present day."""

    means: str
    source: str
    keys: Mapping[str, str]
    operator: str = "''"


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """An area of figures."""

    name: str
    title: str
    resource: Resource
    facts: tuple[Fact, ...]
    # The fact that growth is about.
    main: str
    # What each distribution is by. It is of the main fact, or of those that `cut_facts` names.
    cuts: Mapping[str, str] = field(default_factory=dict)
    cut_facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Distributions of which only the ten largest parts are shown.
    tops: Mapping[str, str] = field(default_factory=dict)
    state: State | None = None
    state_cuts: Mapping[str, str] = field(default_factory=dict)
    # Whether its rows belong to operators, so that admins of one operator may read its figures.
    is_scoped: bool = False
    # Kept by the day in `area_figures`; else counted from the tables, which are small, at each reading.
    is_kept: bool = True
    # Whether its answer has failures and times by channel.
    has_channels: bool = False
    # Facts that follow each other: how many of the first one come to each.
    steps: tuple[str, ...] = ()
    # The tables that an area is counted from at each reading, and what names it; and the instant at which a row of them changed.
    tables: tuple[str, ...] = ()
    changed_at: str = "updated_at"
    # The cut of the figures of recharges that its facts with a `count` are in, and the names that further cuts have here.
    base: Cut | None = None
    recharge_cuts: Mapping[Cut, str] = field(default_factory=dict)

    @property
    def counted_facts(self) -> tuple[Fact, ...]:
        """The facts that are counted from tables."""
        return tuple(fact for fact in self.facts if fact.source)

    @property
    def recharge_facts(self) -> tuple[Fact, ...]:
        """The facts that are read from the figures of recharges."""
        return tuple(fact for fact in self.facts if fact.count)
