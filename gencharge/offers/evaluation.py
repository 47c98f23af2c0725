"""What an offer saves on one recharge, or why it does not: pure functions, whole paise, no I/O.

    evaluate(offer, situation) -> Saving | Refusal

The discount is calculated from the price and leaves a rupee of it to pay, the cashback is calculated from the rest. A percentage is rounded down to the
paisa, in the house's favour: the saving is never more than the offer says. Discount and cashback together never
exceed the price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from typing import Final
from uuid import UUID

from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import Worded, worded
from gencharge.offers.models import OfferStatus, Weekday
from gencharge.offers.rules import OfferConditions
from gencharge.offers.snapshot import OfferSnapshot
from gencharge.plans.models import PlanSnapshot
from gencharge.users.models import UserType
from gencharge.wallet.models import PaymentMethod, RequestSource

_NOTHING: Final = Money(0)
_PLACES: Final = {
    RequestSource.WEB: worded("on the web"),
    RequestSource.APP: worded("in the app"),
    RequestSource.API: worded("through the API"),
}
_WAYS: Final = {
    PaymentMethod.WALLET: worded("wallet"),
    PaymentMethod.UPI: worded("UPI"),
    PaymentMethod.CARD: worded("card"),
    PaymentMethod.NETBANKING: worded("net banking"),
}
_TYPES: Final = {UserType.PREPAID: worded("prepaid"), UserType.POSTPAID: worded("postpaid")}
_DAYS: Final = tuple(Weekday)
_DAYS_OF_WEEK: Final = {
    Weekday.MONDAY: worded("Mondays"),
    Weekday.TUESDAY: worded("Tuesdays"),
    Weekday.WEDNESDAY: worded("Wednesdays"),
    Weekday.THURSDAY: worded("Thursdays"),
    Weekday.FRIDAY: worded("Fridays"),
    Weekday.SATURDAY: worded("Saturdays"),
    Weekday.SUNDAY: worded("Sundays"),
}
_MONTHS: Final = (
    worded("January"),
    worded("February"),
    worded("March"),
    worded("April"),
    worded("May"),
    worded("June"),
    worded("July"),
    worded("August"),
    worded("September"),
    worded("October"),
    worded("November"),
    worded("December"),
)
_ONCE: Final = worded("once")
_Frame = Callable[..., Worded]
_ONLY: Final[_Frame] = partial(worded, "only {names}")
_FOR: Final[_Frame] = partial(worded, "only for {names}")
_FOR_CUSTOMERS: Final[_Frame] = partial(worded, "only for {names} customers")
_IN_CIRCLE: Final[_Frame] = partial(worded, "only in the circle {names}")
_PAYING_BY: Final[_Frame] = partial(worded, "only when paying by {names}")
_ON_DAYS: Final[_Frame] = partial(worded, "only on {names}")
_OR: Final[_Frame] = partial(worded, "{names} or {last}")
_AND: Final[_Frame] = partial(worded, "{names} and {last}")
# A recharge that costs nothing could be neither invoiced nor refunded, and no gateway takes less.
LEAST_PAYABLE: Final = Money.rupees(1)
# The codes of the reasons that depend on what only the database knows.
CUSTOMER_FACTS: Final = frozenset(
    {"user_type", "new_user_only", "circle", "used_up", "used_by_you", "budget_spent"}
)


@dataclass(frozen=True, slots=True)
class Used:
    """The past uses of an offer: by all users, by this user, and their cost; and what the campaign has left whose own budget they count against."""

    total: int = 0
    by_user: int = 0
    spent: Money = _NOTHING
    left_of_campaign: Money | None = None


_UNUSED: Final = Used()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A recharge that a user is about to make. `instant` is UTC; `price` is what the plan costs.

    What is unknown is None; an offer that depends on it is then refused.
    """

    plan: PlanSnapshot
    price: Money
    user_type: UserType | None
    is_new_user: bool | None
    source: RequestSource
    circle: str | None
    payment_method: PaymentMethod | None
    instant: datetime
    # The customer has a one-time code of the offer.
    has_code: bool = False
    used: Mapping[UUID, Used] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saving:
    """What an offer gives: `discount` off the price now, `cashback` into the wallet after."""

    discount: Money
    cashback: Money

    @property
    def total(self) -> Money:
        """Both together."""
        return self.discount + self.cashback


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an offer gives nothing: a stable code, and a phrase with the condition."""

    code: str
    message: Worded


@dataclass(frozen=True, slots=True)
class Refusal:
    """Every reason, at least one, in a fixed order."""

    reasons: tuple[Reason, ...]


_FULLY_USED: Final = worded("fully used")
_NOT_ACTIVE: Final = Reason("not_active", worded("not active right now"))
_USED_UP: Final = Reason("used_up", _FULLY_USED)
_BUDGET_SPENT: Final = Reason("budget_spent", worded("fully used: its budget is spent"))
_SAVES_NOTHING: Final = Reason("saves_nothing", worded("saves less than one paisa here"))


def evaluate(offer: OfferSnapshot, situation: Situation) -> Saving | Refusal:
    """What `offer` saves in `situation`, or every reason why it does not."""
    used = situation.used.get(offer.offer_id, _UNUSED)
    saving = saving_on(offer, situation.price)
    reasons = [*_standing(offer, situation.instant)]
    conditions = offer.conditions
    reasons += [reason for reason, holds in _present(conditions) if not holds(conditions, situation)]
    reasons += _limits(offer, used, saving)
    return Refusal(tuple(reasons)) if reasons else saving


def saving_on(offer: OfferSnapshot, price: Money) -> Saving:
    """What the offer gives on a price, its conditions and limits aside."""
    reward = offer.reward
    discount = reward.discount.of(price) if reward.discount is not None else _NOTHING
    discount = min(discount, price - LEAST_PAYABLE if price > LEAST_PAYABLE else _NOTHING)
    cashback = reward.cashback.of(price - discount) if reward.cashback is not None else _NOTHING
    return Saving(discount, cashback)


def sentences(conditions: OfferConditions) -> list[Worded]:
    """The conditions as phrases, for people: `on plans of ₹299 or more`, `only on Saturdays and Sundays`."""
    phrases = [phrase(conditions) for _, _, phrase in _CHECKS]
    return [text for text in phrases if text is not None]


def reason_of(offer: OfferSnapshot, code: str) -> Reason:
    """The reason of this code against the offer, in words. `code` is one that `offer_reason` or `take_offer` gives."""
    if code == "not_begun" and offer.active_from is not None:
        return Reason(code, worded("starts on {moment}", moment=_in_india(offer.active_from)))
    if code == "over" and offer.active_until is not None:
        return Reason(code, worded("ended on {moment}", moment=_in_india(offer.active_until)))
    if code == "used_by_you" and offer.limits.uses_per_user is not None:
        return Reason(code, worded("only {times} per customer", times=_times(offer.limits.uses_per_user)))
    phrases = {name: phrase for name, _, phrase in _CHECKS}
    text = phrases[code](offer.conditions) if code in phrases else None
    return Reason(code, text or _FULLY_USED)


def _times(count: int) -> Worded:
    return _ONCE if count == 1 else worded("{count} times", count=count)


def _standing(offer: OfferSnapshot, instant: datetime) -> Iterable[Reason]:
    if offer.status is not OfferStatus.ACTIVE:
        yield _NOT_ACTIVE
    if offer.active_from is not None and instant < offer.active_from:
        yield reason_of(offer, "not_begun")
    if offer.active_until is not None and instant >= offer.active_until:
        yield reason_of(offer, "over")


def _limits(offer: OfferSnapshot, used: Used, saving: Saving) -> Iterable[Reason]:
    limits, total = offer.limits, saving.total
    if limits.total_uses is not None and used.total >= limits.total_uses:
        yield _USED_UP
    if limits.uses_per_user is not None and used.by_user >= limits.uses_per_user:
        yield reason_of(offer, "used_by_you")
    is_spent = limits.budget is not None and used.spent.paise + total.paise > limits.budget.paise
    if is_spent or (used.left_of_campaign is not None and total.paise > used.left_of_campaign.paise):
        yield _BUDGET_SPENT
    if not total:
        yield _SAVES_NOTHING


def _min_amount(conditions: OfferConditions) -> Worded | None:
    if conditions.min_amount is None:
        return None
    return worded("on plans of {amount} or more", amount=_rupees(conditions.min_amount))


def _user_types(conditions: OfferConditions) -> Worded | None:
    return _naming(_FOR_CUSTOMERS, [_TYPES[kind] for kind in conditions.user_types])


def _new_user(conditions: OfferConditions) -> Worded | None:
    return worded("only for the first recharge") if conditions.new_user_only else None


def _sources(conditions: OfferConditions) -> Worded | None:
    return _naming(_ONLY, [_PLACES[source] for source in conditions.sources])


def _plan_groups(conditions: OfferConditions) -> Worded | None:
    return worded("only for plans in certain groups") if conditions.plan_groups else None


def _plans(conditions: OfferConditions) -> Worded | None:
    return worded("only for certain plans") if conditions.plans else None


def _operators(conditions: OfferConditions) -> Worded | None:
    return _naming(_FOR, conditions.operators)


def _circles(conditions: OfferConditions) -> Worded | None:
    return _naming(_IN_CIRCLE, conditions.circles)


def _payment_methods(conditions: OfferConditions) -> Worded | None:
    return _naming(_PAYING_BY, [_WAYS[method] for method in conditions.payment_methods])


def _weekdays(conditions: OfferConditions) -> Worded | None:
    return _naming(_ON_DAYS, [_DAYS_OF_WEEK[day] for day in conditions.weekdays], last_by=_AND)


def _one_time_code(conditions: OfferConditions) -> Worded | None:
    return worded("only with a one-time code") if conditions.one_time_code else None


@lru_cache(maxsize=8)  # all offers are judged at one instant
def _weekday(instant: datetime) -> Weekday:
    return _DAYS[instant.astimezone(clock.IST).weekday()]


Holds = Callable[[OfferConditions, Situation], bool]
# Each condition: its code, whether it holds, and the phrase that says it (None: the offer has no such condition).
_CHECKS: Final[tuple[tuple[str, Holds, Callable[[OfferConditions], Worded | None]], ...]] = (
    ("min_amount", lambda c, now: c.min_amount is None or now.price >= c.min_amount, _min_amount),
    ("user_type", lambda c, now: now.user_type in c.user_types, _user_types),
    ("new_user_only", lambda _, now: bool(now.is_new_user), _new_user),
    ("source", lambda c, now: now.source in c.sources, _sources),
    ("operator", lambda c, now: now.plan.operator in c.operators, _operators),
    ("plan_group", lambda c, now: now.plan.group_id in c.plan_groups, _plan_groups),
    ("plan", lambda c, now: now.plan.plan_id in c.plans, _plans),
    ("circle", lambda c, now: now.circle in c.circles, _circles),
    ("payment_method", lambda c, now: now.payment_method in c.payment_methods, _payment_methods),
    ("weekday", lambda c, now: _weekday(now.instant) in c.weekdays, _weekdays),
    ("code_required", lambda _, now: now.has_code, _one_time_code),
)


# The conditions that an offer has, each as the reason that it would be; worded once for each offer in memory.
_PRESENT: Final[dict[int, tuple[OfferConditions, tuple[tuple[Reason, Holds], ...]]]] = {}
_MOST_PRESENT: Final = 10_000


def _present(conditions: OfferConditions) -> tuple[tuple[Reason, Holds], ...]:
    cached = _PRESENT.get(id(conditions))
    if cached is not None and cached[0] is conditions:
        return cached[1]
    phrased = ((code, holds, phrase(conditions)) for code, holds, phrase in _CHECKS)
    present = tuple((Reason(code, text), holds) for code, holds, text in phrased if text is not None)
    if len(_PRESENT) >= _MOST_PRESENT:
        _PRESENT.clear()
    _PRESENT[id(conditions)] = conditions, present
    return present


def _naming(frame: _Frame, words: Sequence[str], *, last_by: _Frame = _OR) -> Worded | None:
    """`only for A, B or C`; None if there is nothing to name."""
    if not words:
        return None
    return frame(names=words[0] if len(words) == 1 else last_by(names=list(words[:-1]), last=words[-1]))


def _rupees(amount: Money) -> str:
    return f"₹{amount}".removesuffix(".00")


def _in_india(instant: datetime) -> Worded:
    """`24 October 2026, 18:00 (IST)`."""
    there = instant.astimezone(clock.IST)
    return worded(
        "{day} {month} {year}, {time:%H:%M} (IST)",
        day=there.day,
        month=_MONTHS[there.month - 1],
        year=there.year,
        time=there,
    )
