"""The figures of an area on the wire: one shape for all areas, with the area's own facts and distributions in it."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, partial
from types import GenericAlias
from typing import Any, Final

from pydantic import Field, create_model

from gencharge.analytics.areas import Area, Fact, State
from gencharge.analytics.models import WAITS
from gencharge.analytics.periods import standard
from gencharge.core.http.web import Out
from gencharge.core.values.money import SignedMoney

_NOW: Final = (
    "What there is now, or was on the last day that was asked for. Null: nothing, or it was not counted on these days;"
    " the staff, plans, offers and the work on backups are counted for today only."
)
_STEPS: Final = ", ".join(map(str, WAITS[:-1])) + f" or {WAITS[-1]}"


class Times(Out):
    """How often it happened."""

    count: int = Field(description="How often it happened.", examples=[120])


class TimesAndMoney(Times):
    """How often it happened, and what it came to."""

    amount: SignedMoney = Field(description="What these came to.", examples=[35_880.00])


class AreaPart(Out):
    """A part of a distribution."""

    key: str = Field(examples=["upi"])
    name: str | None = Field(default=None, description="Of a plan or an offer.")
    count: int = Field(description="How many of what the distribution is of.", examples=[120])
    percent: float = Field(description="Of all in the distribution.", examples=[48.2])
    amount: SignedMoney | None = Field(default=None, description="Null: it is not about money.")


class AreaStep(Out):
    """A step of the way, of the days that were asked for."""

    step: str = Field(examples=["sold"])
    count: int = Field(description="How many came as far as this step.", examples=[120])
    percent_of_first: float | None = Field(description="Null: the first step has none.", examples=[60.0])
    percent_of_previous: float | None = Field(
        description="Null: the step before has none, or there is none.", examples=[60.0]
    )


class AreaGrowth(Out):
    """Against the period before, in percent; null if that had none."""

    week_over_week_percent: float | None = Field(
        description="The last seven days up to yesterday, against the seven before."
    )
    month_over_month_percent: float | None = Field(
        description="The last thirty days up to yesterday, against the thirty before."
    )


def _within(percent: int) -> Any:
    return Field(
        default=None,
        description=f"{percent} % of the deliveries over an API took less than so many seconds: {_STEPS}. Null: longer, or there was none.",
        examples=[5],
    )


class DeliveryTimes(Out):
    """What became of recharges on the way to an operator, and how long that took."""

    operator: str = Field(examples=["JIO"])
    delivered: int = Field(description="Recharges that the operator delivered this way.", examples=[950])
    failed: int = Field(description="Recharges that were not paid or not delivered this way.", examples=[50])
    failure_percent: float = Field(
        description="Of those that were delivered or failed, how many failed.", examples=[5.0]
    )
    average_seconds: float | None = Field(
        description="From queueing a recharge to its delivery. Null: none was delivered over an API.",
        examples=[2.4],
    )
    p50_seconds: int | None = _within(50)
    p95_seconds: int | None = _within(95)
    p99_seconds: int | None = _within(99)


class DeliveryChannel(DeliveryTimes):
    """A channel of an operator."""

    channel: str = Field(
        description="`internal`: the operator's own system, or no channel was tried.", examples=["jio-api"]
    )


def type_of(fact: Fact) -> type[Times]:
    """The type of a fact in answers."""
    return Times if fact.amount is None else TimesAndMoney


def _list_of(model: Any) -> Any:
    return GenericAlias(list, (model,))


def _make(area: Area, part: str, about: str, fields: dict[str, Any], base: type[Out] = Out) -> type[Out]:
    title = area.name.title().replace("-", "")
    return create_model(f"{title}{part}", __base__=base, __doc__=about, **fields)


def _model_of_state(area: Area, state: State, by_operator: dict[str, Any]) -> type[Out]:
    shares = {name: (list[AreaPart], Field(description=means)) for name, means in area.state_cuts.items()}
    total = {"total": (int, Field(description=state.means))}
    return _make(area, "Now", "What there is.", total | by_operator | shares)


def _more(area: Area) -> dict[str, Any]:
    """What only some areas have."""
    fields = dict[str, Any]()
    if area.steps:
        fields["steps"] = (list[AreaStep], Field(description="How many come to each step."))
    if area.has_channels:
        fields["operators"] = (
            list[DeliveryTimes],
            Field(description="Failures and times by operator, the most used first."),
        )
        fields["channels"] = (
            list[DeliveryChannel],
            Field(description="Failures and times by operator and channel, the most used first."),
        )
    return fields


@cache
def models_of(area: Area) -> dict[str, Any]:
    """The types of an area's answer and of its parts, by the part's name. The descriptions of the fields are the definitions of the
    figures."""
    make = partial(_make, area)
    facts = make(
        "Facts",
        f"What happened: figures of {area.title}.",
        {fact.name: (type_of(fact), Field(description=fact.means)) for fact in area.facts},
    )
    parts = list[AreaPart]
    by_operator = {"operator": (parts, Field(description="By operator."))} if area.is_scoped else {}
    models: dict[str, Any] = {
        "facts": facts,
        "day": make(
            "Day", "A day of the trend, in India.", {"day": (date, Field(examples=["2026-11-22"]))}, facts
        ),
        "month": make(
            "Month",
            "A month of the trend.",
            {"month": (str, Field(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-11"]))},
            facts,
        ),
        "periods": make(
            "Periods",
            "The usual periods. All but today end with yesterday.",
            {name: (facts, Field()) for name in standard(date(2026, 1, 1))},
        ),
        "distributions": make(
            "Distributions",
            "By properties, the largest part first.",
            by_operator | {name: (parts, Field(description=means)) for name, means in area.cuts.items()},
        ),
        "top": make(
            "Top",
            "The ten largest parts.",
            {name: (parts, Field(description=means)) for name, means in area.tops.items()},
        ),
    }
    fields = {
        "counted_at": (
            datetime | None,
            Field(description="Null: not yet. What is counted from tables is counted every five minutes."),
        ),
        "first_day": (date, Field(examples=["2026-10-24"])),
        "last_day": (date, Field(examples=["2026-11-22"])),
        "totals": (facts, Field(description="Of the days that were asked for.")),
        "periods": (models["periods"], Field()),
        "daily": (_list_of(models["day"]), Field(description="The days that were asked for.")),
        "monthly": (
            _list_of(models["month"]),
            Field(description="The last twelve months and the present one."),
        ),
        "growth": (AreaGrowth, Field(description=f"Of `{area.main}`.")),
        "distributions": (models["distributions"], Field(description="Of the days that were asked for.")),
        "top": (models["top"], Field(description="Of the days that were asked for.")),
    }
    if area.state is not None:
        models["now"] = _model_of_state(area, area.state, by_operator)
        fields["now"] = (models["now"] | None, Field(description=_NOW))
    fields |= _more(area)
    models["figures"] = make("Figures", f"Figures of {area.title}.", fields)
    return models
