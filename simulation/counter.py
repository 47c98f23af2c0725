"""Where offers are asked for: who types which code, what a sale must have, and whether a refusal was right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from gencharge.core.values import clock
from gencharge.offers import service as offers
from gencharge.offers import staff_service as staff_offers
from gencharge.offers.staff_schemas import OfferCreate
from gencharge.plans import service as plans
from gencharge.recharge.choice_service import Market
from gencharge.recharge.schemas import SubscriptionOut
from life.world import SUPER_ADMIN, World, acting
from simulation.bargains import SAMPLE, Bargain, Deal, best, limited
from simulation.notebook import Notebook, Sale
from simulation.people import Person


def talktime_of(rupees: int) -> int:
    """What an operator credits for an amount, in paise: less 18 % of tax, and less a fee of a tenth, at most Rs 3."""
    value = (Decimal(rupees) / Decimal("1.18")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return int((value - min(Decimal(3), Decimal(rupees) / 10)) * 100)


@dataclass(slots=True)
class Counter:
    """The offers of a life, beside the notebook. `strange` collects what the product gave or refused wrongly."""

    notebook: Notebook
    strange: list[str]
    bargains: list[Bargain] = field(default_factory=lambda: list(SAMPLE))

    async def open(self, world: World, customers: int) -> None:
        """The staff make an offer with few uses; from now on recharges have offers."""
        bargain, admin, database = limited(customers), world.staff[SUPER_ADMIN], world.stores.database
        kind = next(iter((await database.run(offers.load_offers)).types))
        command = OfferCreate.model_validate(
            {
                "name": bargain.name,
                "offer_type_id": kind,
                "code": bargain.code,
                "status": "active",
                "conditions": {"min_amount": bargain.min_rupees},
                "reward": {"discount": {"kind": "flat", "amount": bargain.off}},
                "limits": {"uses_per_user": bargain.for_each, "total_uses": bargain.for_all},
            }
        )
        with acting("admin", admin.user_id, SUPER_ADMIN):
            await database.run(lambda db: staff_offers.create_offer(db, admin, command))
        world.market = Market(
            await database.run(plans.load_catalogue), await database.run(offers.load_offers)
        )
        self.bargains.append(bargain)

    def code_for(self, person: Person, deal: Deal) -> Bargain | None:
        """The offer whose code somebody types: a welcome for the first recharge, another one now and then, and often one that
        they had before, though it may be for once only.
        """
        chance = person.chance
        fitting = [each for each in self.bargains if each.code and each.fits(deal)]
        had = [each for each in fitting if self.notebook.used(each.name, person.number)]
        if had and chance.random() < 0.6:
            return chance.choice(had)
        share = 0.5 if deal.is_first else 0.2
        return chance.choice(fitting) if fitting and chance.random() < share else None

    def expect(
        self,
        person: Person,
        deal: Deal,
        chosen: Bargain | None,
        answer: SubscriptionOut,
        used: Mapping[str, int] = MappingProxyType({}),
    ) -> tuple[int, int, str]:
        """The discount and the cashback that a sale must have, in paise, and the offer's name.

        `used`: how often the person's autopays have used each offer, which are not in the notebook yet.
        """
        notebook = self.notebook
        fitting = [each for each in self.bargains if self._has_room(each, person, used.get(each.name, 0))]
        bargain = chosen or best(fitting, deal)
        discount, cashback = bargain.gives(deal.paise) if bargain is not None else (0, 0)
        name = bargain.name if bargain is not None else ""
        had = answer.discount.paise, answer.cashback.paise
        if had != (discount, cashback):
            self.strange.append(
                f"{clock.now():%d %b %H:%M}: customer {person.number} got Rs {had[0] / 100:.2f} off and Rs {had[1] / 100:.2f}"
                f" back on a recharge of Rs {deal.plan.rupees}; by {name or 'no offer'} it is"
                f" Rs {discount / 100:.2f} and Rs {cashback / 100:.2f}"
            )
        notebook.counts["discounts, in rupees"] += discount // 100
        if deal.plan.is_any_amount:
            notebook.counts["talktime of any amount"] += 1
            credited = None if answer.talktime is None else answer.talktime.paise
            if credited != talktime_of(deal.plan.rupees):
                self.strange.append(
                    f"{clock.now():%d %b %H:%M}: customer {person.number} is credited {credited} paise of talktime for Rs {deal.plan.rupees}"
                )
        return discount, cashback, name

    def refuse(self, bargain: Bargain, person: Person) -> None:
        """An offer was refused that fits the recharge: right only if its uses are all taken."""
        self.notebook.refused["offer_not_applicable"] += 1
        if self._has_room(bargain, person):
            self.strange.append(
                f"{clock.now():%d %b %H:%M}: customer {person.number} was refused {bargain.name}, which has uses left"
            )

    def has_given(self, sale: Sale) -> None:
        """An autopay's sale had an offer: one that needs no code, and what that gives."""
        gains = {each.name: each.gives(sale.price) for each in self.bargains if not each.code}
        if sale.offer and gains.get(sale.offer) != (sale.discount, sale.cashback):
            self.strange.append(
                f"{sale.key} of customer {sale.person} got Rs {sale.discount / 100:.2f} off and Rs {sale.cashback / 100:.2f} back by"
                f" {sale.offer}"
            )

    def _has_room(self, bargain: Bargain, person: Person, more: int = 0) -> bool:
        used = self.notebook.used
        return not (
            bargain.for_each and used(bargain.name, person.number) + more >= bargain.for_each
        ) and not (bargain.for_all and used(bargain.name) >= bargain.for_all)

    def judge(self) -> list[str]:
        """The limits that were passed. Call it after the notebook is concluded."""
        problems = []
        people = {sale.person for sale in self.notebook.sales if sale.offer}
        for bargain in self.bargains:
            taken = self.notebook.taken(bargain.name)
            if bargain.for_all and taken > bargain.for_all:
                problems.append(f"{bargain.name} was used {taken} times, and {bargain.for_all} were allowed")
            problems += [
                f"customer {person} used {bargain.name} more than {bargain.for_each} times"
                for person in sorted(people)
                if bargain.for_each and self.notebook.taken(bargain.name, person) > bargain.for_each
            ]
        return problems
