"""Which offers a sale tries, best first: chosen from what is in memory, without a query.

Price, plan, operator, source, payment method and weekday are judged here, by `evaluation`. What only the database knows (whose
number it is, the first recharge, the circle, the limits) is judged by the sale's own transaction (`sql/take_offer.sql`), or here if
the caller has looked it up. docs/decisions/0025 says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Final
from uuid import UUID

from gencharge.core.errors import Problem
from gencharge.core.http.web import to_json
from gencharge.core.values.money import Money
from gencharge.core.wording import sentences, worded
from gencharge.offers.errors import (
    OfferAlreadyUsed,
    OfferCodeNotFound,
    OfferCodeNotYours,
    OfferCodeUsed,
    OfferEnded,
    OfferNotApplicable,
    OfferNotBegun,
    OfferNotFound,
    OfferUsedUp,
)
from gencharge.offers.evaluation import (
    CUSTOMER_FACTS,
    Reason,
    Refusal,
    Saving,
    Situation,
    evaluate,
    reason_of,
    saving_on,
)
from gencharge.offers.snapshot import ActiveOffers, OfferSnapshot

# The database tries them one by one, under the customer's lock.
MAX_CANDIDATES: Final = 5
# The errors of the reasons that no other recharge today would change, the most final first.
_OWN_ERRORS: Final[tuple[tuple[type[OfferNotApplicable], frozenset[str]], ...]] = (
    (OfferEnded, frozenset({"over", "not_active"})),
    (OfferNotBegun, frozenset({"not_begun"})),
    (OfferUsedUp, frozenset({"used_up", "budget_spent"})),
    (OfferAlreadyUsed, frozenset({"used_by_you"})),
)
# What these errors add, with the reason's own words.
_IT: Final = partial(worded, "It {reason}.")
_DETAILS: Final = {
    "over": _IT,
    "not_begun": _IT,
    "used_by_you": partial(worded, "It can be used {reason}."),
}


# The errors of the reasons that are about a one-time code.
_CODE_ERRORS: Final[dict[str, type[Problem]]] = {
    kind.code().removeprefix("offer_"): kind for kind in (OfferCodeUsed, OfferCodeNotYours)
}


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """A one-time code: its offer, and what was against its use by this customer when it was looked up."""

    code: str
    offer_id: UUID
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What the customer said about offers: one that they chose, by its id or its code, or (`automatic`) the best one, or none."""

    offer_id: UUID | None = None
    code: str | None = None
    automatic: bool = True
    one_time: OneTimeCode | None = None

    @property
    def is_chosen(self) -> bool:
        """True if the customer wants this offer or nothing."""
        return self.offer_id is not None or self.code is not None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that a sale may have, and what it saves."""

    offer: OfferSnapshot
    saving: Saving


@dataclass(frozen=True, slots=True)
class Judged:
    """An offer, and what it saves on a recharge or why it does not."""

    offer: OfferSnapshot
    outcome: Saving | Refusal


@dataclass(frozen=True, slots=True)
class Selection:
    """What a sale is to try. `price`: what the savings were calculated from; `code`: the one-time code that it uses.

    `problem` is why the chosen offer does not apply. It is raised only once the sale was asked: a repeat of a request gets its first
    answer, whatever has become of the offer since.
    """

    price: Money
    candidates: tuple[Candidate, ...]
    is_chosen: bool
    problem: Problem | None = None
    code: str | None = None

    @property
    def discount(self) -> Money:
        """Off the price, if the first candidate is had."""
        return self.candidates[0].saving.discount if self.candidates else Money(0)

    def first_only(self) -> Selection:
        """The same with one candidate at most."""
        return replace(self, candidates=self.candidates[:1])

    def to_json(self) -> str:
        """As `take_offer` reads it."""
        values: dict[str, Any] = {
            "price": self.price.paise,
            "chosen": self.is_chosen,
            "code": self.code,
            "candidates": [
                {
                    "offer_id": each.offer.offer_id,
                    "version": each.offer.version,
                    "discount": each.saving.discount.paise,
                    "cashback": each.saving.cashback.paise,
                }
                for each in self.candidates
            ],
        }
        return to_json(values).decode()

    def refusal(self, code: str | None) -> Problem:
        """Why the chosen offer was not had. `code`: the reason that the database gave."""
        if self.problem is not None:
            return self.problem
        if code in _CODE_ERRORS:
            return _CODE_ERRORS[code]()
        return not_applicable([reason_of(self.candidates[0].offer, code or "used_up")])


def not_applicable(reasons: Iterable[Reason]) -> OfferNotApplicable:
    """The refusal, with every reason."""
    listed = list(reasons)
    codes = {reason.code for reason in listed}
    kind = next((each for each, own in _OWN_ERRORS if own & codes), OfferNotApplicable)
    if kind is OfferNotApplicable:
        together = listed[0].message
        for reason in listed[1:]:
            together = worded("{reasons}; {reason}", reasons=together, reason=reason.message)
        details = [worded("It is {reasons}.", reasons=together)]
    else:
        details = [
            _DETAILS[reason.code](reason=reason.message) for reason in listed if reason.code in _DETAILS
        ]
    return kind(
        sentences(worded(kind.title()), *details),
        reasons=[{"code": reason.code, "message": reason.message} for reason in listed],
    )


def select(
    active: ActiveOffers,
    wish: Wish,
    situation: Situation,
    *,
    expected: Money | None,
    at_least: Money,
    knows_customer: bool = False,
    judged: Iterable[Judged] | None = None,
) -> Selection | None:
    """What a sale is to try; None if it has no offer.

    `expected`: what the customer agreed to pay, which no automatic offer changes. `at_least`: what must be left to pay after an automatic
    discount. `knows_customer`: the situation says everything about the customer; else that is left to the database.
    `judged`: the offers for the plan, if `judge` has judged them in this situation already.
    """
    if wish.is_chosen:
        return _chosen(active, wish, situation, knows_customer)
    if not wish.automatic:
        return None
    if judged is None:
        judged = _in_order(
            Judged(offer, _judge(offer, situation, knows_customer))
            for offer in active.automatic_for(situation.plan)
        )
    fitting = (
        Candidate(each.offer, each.outcome)
        for each in judged
        if isinstance(each.outcome, Saving)
        and not each.offer.needs_code
        and situation.price - each.outcome.discount >= at_least
        and (expected is None or situation.price - each.outcome.discount == expected)
    )
    candidates = tuple(islice(fitting, MAX_CANDIDATES))
    return Selection(situation.price, candidates, is_chosen=False) if candidates else None


def judge(offers: Iterable[OfferSnapshot], situation: Situation) -> list[Judged]:
    """What each offer saves, or every reason why it does not, in the order of `rank`."""
    return _in_order(Judged(offer, evaluate(offer, situation)) for offer in offers)


def _in_order(judged: Iterable[Judged]) -> list[Judged]:
    return sorted(judged, key=lambda each: rank(each.offer, each.outcome))


def rank(offer: OfferSnapshot, outcome: Saving | Refusal) -> tuple[int, int, int, str, int]:
    """The order of offers: the largest saving first, of equal ones the larger discount; then those with the fewest reasons against them."""
    name = (offer.name.casefold(), offer.offer_id.int)
    if isinstance(outcome, Refusal):
        return (1, len(outcome.reasons), 0, *name)
    return (0, -outcome.total.paise, -outcome.discount.paise, *name)


def refused(price: Money, problem: Problem) -> Selection:
    """A chosen offer that the sale refuses, unless it is a repeat."""
    return Selection(price, (), is_chosen=True, problem=problem)


def _chosen(active: ActiveOffers, wish: Wish, situation: Situation, knows_customer: bool) -> Selection:
    one_time = wish.one_time
    if one_time is not None and one_time.problem is not None:
        return refused(situation.price, one_time.problem)
    try:
        offer = active.announced(wish.offer_id) if wish.offer_id is not None else _of_code(active, wish)
    except (OfferNotFound, OfferCodeNotFound) as unknown:
        return refused(situation.price, unknown)
    if one_time is not None:
        situation = replace(situation, has_code=True)
    outcome = _judge(offer, situation, knows_customer)
    if isinstance(outcome, Refusal):
        return refused(situation.price, not_applicable(outcome.reasons))
    code = one_time.code if one_time is not None else None
    return Selection(situation.price, (Candidate(offer, outcome),), is_chosen=True, code=code)


def _of_code(active: ActiveOffers, wish: Wish) -> OfferSnapshot:
    """Raises OfferCodeNotFound; also for the code of a draft."""
    one_time = wish.one_time
    offer_id = one_time.offer_id if one_time is not None else active.snapshot.offer_of_code(wish.code or "")
    if offer_id is None:
        raise OfferCodeNotFound
    try:
        return active.announced(offer_id)
    except OfferNotFound:
        raise OfferCodeNotFound from None


def _judge(offer: OfferSnapshot, situation: Situation, knows_customer: bool) -> Saving | Refusal:
    outcome = evaluate(offer, situation)
    if isinstance(outcome, Saving) or knows_customer:
        return outcome
    reasons = tuple(reason for reason in outcome.reasons if reason.code not in CUSTOMER_FACTS)
    return Refusal(reasons) if reasons else saving_on(offer, situation.price)
