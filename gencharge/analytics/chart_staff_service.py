"""Charts, put together from the answers that they are of."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import (
    area_staff_service,
    chart_words,
    charts,
    plans_staff_service,
    revenue_staff_service,
    staff_service,
)
from gencharge.analytics.area_service import AREAS
from gencharge.analytics.chart_schemas import (
    ACTIVE_PLANS,
    MONEY,
    REVENUE,
    TRANSACTIONS,
    TREND,
    Charted,
    ChartFormat,
    charted,
    is_money,
    value_of,
)
from gencharge.analytics.charts import Chart, Theme
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.http import language
from gencharge.core.wording import Worded, in_language, worded
from gencharge.sessions.guards import Principal

# A trend of more days than this is by month.
_MOST_DAYS: Final = 62
# The largest parts of a distribution; all others are one bar.
_MOST_PARTS: Final = 20
_IN_ORDER: Final = ("hour", "wait")


@dataclass(frozen=True, slots=True)
class Source:
    """What is charted, and the verbs of its area."""

    charted: Charted
    etag: Callable[..., Awaitable[str]]
    show: Callable[..., Awaitable[Any]]


def _of_area(area: Any) -> Source:
    async def etag(db: AsyncSession, admin: Principal, query: Any) -> str:
        return await area_staff_service.etag(db, admin, area, query)

    async def show(db: AsyncSession, admin: Principal, query: Any) -> Any:
        return await area_staff_service.show(db, admin, area, query)

    return Source(charted(area), etag, show)


SOURCES: Final = (
    Source(TRANSACTIONS, staff_service.etag, staff_service.transactions),
    Source(REVENUE, revenue_staff_service.etag, revenue_staff_service.show),
    Source(ACTIVE_PLANS, plans_staff_service.etag, plans_staff_service.show),
    *(_of_area(area) for area in AREAS),
)


async def etag(db: AsyncSession, admin: Principal, source: Source, query: Any, kind: ChartFormat) -> str:
    """Changes with the figures, the query, the scope, the language and the format."""
    text = f"{await source.etag(db, admin, query)}|{kind}|{language.spoken()}|{query.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def plan(db: AsyncSession, admin: Principal, source: Source, query: Any) -> Chart:
    """What the picture shows. Raises ValidationFailed if a distribution is not about the measure."""
    return _chart(source.charted, query, await source.show(db, admin, query))


async def draw(chart: Chart, theme: Theme, kind: ChartFormat) -> bytes:
    """The picture. Drawn in a thread; call it outside of a transaction, which would keep a connection from others for that time."""
    ground = Theme.LIGHT if kind is ChartFormat.PNG and theme is Theme.AUTO else theme
    return await asyncio.to_thread(partial(_draw, chart, ground, kind))


def measure_of(what: Charted, query: Any) -> str:
    """What a chart shows. Raises ValidationFailed."""
    measures = what.measures if query.show == TREND else what.distributions[query.show]
    measure: str = query.measure or measures[0]
    if measure not in measures:
        reason = worded("This distribution is about {measures}", measures=list(measures))
        raise ValidationFailed(errors=[field_problem("query.measure", reason, "measure_invalid")])
    return measure


def _draw(chart: Chart, theme: Theme, kind: ChartFormat) -> bytes:
    svg = charts.draw_svg(chart, theme)
    return charts.draw_png(svg, theme) if kind is ChartFormat.PNG else svg


def _chart(what: Charted, query: Any, answer: Any) -> Chart:
    measure = measure_of(what, query)
    by, bars = _trend(answer, measure) if query.show == TREND else _distribution(answer, query.show, measure)
    as_money = is_money(measure, MONEY if what in (TRANSACTIONS, REVENUE, ACTIVE_PLANS) else ())
    title = chart_words.title(what.name, measure.removesuffix("_amount"), by, is_money=as_money)
    return Chart(
        title=_in_words(title),
        labels=[label for label, _ in bars],
        values=[value for _, value in bars],
        is_trend=query.show == TREND,
        is_money=as_money,
        nothing=_in_words(chart_words.NOTHING),
    )


def _in_words(text: Worded) -> str:
    return in_language(text, language.spoken().value)


Bars = list[tuple[str, int | float]]


def _trend(answer: Any, measure: str) -> tuple[Worded, Bars]:
    days: Bars = [(day.day.isoformat(), value_of(day, measure)) for day in answer.daily]
    if len(days) <= _MOST_DAYS:
        return chart_words.DAY, days
    months = dict[str, int | float]()
    for day, value in days:
        # In paise, so that the sums are exact.
        months[day[:7]] = months.get(day[:7], 0) + round(value * 100)
    return chart_words.MONTH, [(month, value / 100) for month, value in months.items()]


def _distribution(answer: Any, cut: str, measure: str) -> tuple[Worded, Bars]:
    shown = answer.distributions if hasattr(answer.distributions, cut) else answer.top
    parts: Sequence[Any] = getattr(shown, cut)
    bars: Bars = [(_label(part), value_of(part, measure)) for part in parts]
    if cut in _IN_ORDER:
        # At most 24, and in an order of their own.
        return chart_words.DIMENSIONS[cut], bars
    bars.sort(key=lambda bar: -bar[1])
    if len(bars) > _MOST_PARTS:
        rest = sum(value for _, value in bars[_MOST_PARTS - 1 :])
        bars = [*bars[: _MOST_PARTS - 1], (_in_words(chart_words.OTHER), rest)]
    return chart_words.DIMENSIONS[cut], bars


def _label(part: Any) -> str:
    return str(getattr(part, "name", None) or part.key)
