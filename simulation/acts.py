"""What people and the staff do, each by the service that its route calls. What was agreed is put into the notebook.

An act raises a Problem if it is refused; then nothing has happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.directory import service as directory
from gencharge.offers.errors import OfferNotApplicable
from gencharge.operators import service as operators
from gencharge.users import service as users
from gencharge.wallet import service as wallet
from life import customers, staff
from life.steps import Adjust, Block, Ending, Leave, Recharge, RefundRecharge, SignIn, TopUp, Unblock
from life.world import World, acting
from simulation import trouble
from simulation.bargains import Bargain, Deal
from simulation.counter import Counter
from simulation.notebook import Notebook, Sale
from simulation.people import Offer, Person
from simulation.standing import list_uses

_GATEWAY: Final = ("upi", "upi", "upi", "card", "netbanking")
# Far more than in life, so that a short simulation meets each kind.
_TROUBLE_SHARE: Final = 0.05
_API_TROUBLE_SHARE: Final = 0.5


async def sign_up(
    world: World,
    notebook: Notebook,
    person: Person,
    referrer: Person | None = None,
    *,
    shares_device: bool = False,
) -> None:
    """A new customer with an empty wallet; their operator and circle are known from the registry. Again: nothing more.

    `referrer`: whose code they register with, perhaps on that customer's device.
    """
    profile = {"name": "Asha Rao", "email": f"sim{person.number}@example.com", "user_type": person.plan_type}

    async def unit(db: AsyncSession) -> None:
        if await directory.phone_owner(db, person.phone_number) is not None:
            return  # the process stopped after this
        user = await users.create(
            db,
            user_id=person.user_id,
            phone_number=person.phone_number,
            **({} if referrer else profile),
        )
        await operators.remember(
            db,
            person.phone_number,
            SYSTEM_USER_ID,
            operator=person.operator,
            circle=person.circle,
            service_type=person.plan_type,
        )
        await wallet.open_wallet(db, user.user_id)

    async def register(db: AsyncSession) -> None:
        if referrer is None or (await users.get(db, person.user_id)).registered_at is not None:
            return
        code = (await users.get(db, referrer.user_id)).referral_code
        await users.register(db, person.user_id, **profile, referral_code=code)

    if referrer is not None and shares_device:
        person.use_device_of(referrer)
    with acting("user", person.user_id, person.number):
        await world.stores.database.run(unit)
        await customers.sign_in(
            world,
            SignIn(at=clock.now(), customer=person.number, device=person.device, address=person.address),
        )
        if referrer is not None:
            await world.stores.database.run(register)
            notebook.counts["joined with a code"] += 1
    notebook.join(person.number)


async def balance(world: World, person: Person) -> int:
    """What somebody sees in the wallet, in paise."""
    return (await world.stores.database.run(lambda db: wallet.available(db, person.user_id))).paise


async def top_up(world: World, notebook: Notebook, person: Person, key: str, rupees: int) -> None:
    """Money through the gateway: paid, declined or left open."""
    chance = person.chance
    fate = chance.random()
    ending: Ending = "paid" if fate < 0.9 else "declined" if fate < 0.97 else "abandoned"
    if chance.random() < _TROUBLE_SHARE:
        await trouble.at_payment(world, chance, rupees * 100)
    step = TopUp(
        at=clock.now(),
        customer=person.number,
        key=key,
        rupees=rupees,
        method=chance.choice(_GATEWAY),
        ending=ending,
    )
    await customers.top_up(world, step)
    notebook.counts[f"top-ups {ending}"] += 1
    if ending == "paid":
        notebook.put_in(person.number, rupees * 100)


@dataclass(frozen=True, slots=True)
class Purchase:
    """The result. `over_api`: its outcome may take a while. `next`: nothing was bought; the code was refused, and this is the same
    without it."""

    over_api: bool = False
    next: Recharge | None = None


async def recharge(
    world: World, counter: Counter, person: Person, key: str, offer: Offer, phone_number: str
) -> Purchase:
    """A recharge of a number of the plan's operator, paid from the wallet, through the gateway, or by both, perhaps with a code."""
    chance, rupees = person.chance, offer.plan.rupees
    way = chance.random()
    method = "wallet" if way < 0.8 else chance.choice(_GATEWAY)
    from_wallet = rupees if method == "wallet" else 50 if way > 0.95 and rupees > 100 else 0
    if offer.plan.operator in world.over_api and chance.random() < _API_TROUBLE_SHARE:
        await trouble.at_submission(world, chance, phone_number)
    step = Recharge(
        at=clock.now(),
        customer=person.number,
        key=key,
        phone_number=phone_number,
        plan=offer.plan,
        method=method,
        wallet_rupees=from_wallet if 0 < from_wallet < rupees else None,
        source=chance.choice(("app", "app", "web")),
        # What one states of a number counts before what is known of it; here it is the same.
        operator=offer.plan.operator if chance.random() < 0.1 else None,
    )
    deal = _deal(counter.notebook, person, step)
    bargain = counter.code_for(person, deal)
    try:
        return await _buy(world, counter, person, step, deal, bargain)
    except OfferNotApplicable:
        assert bargain is not None, "an offer was asked for"
        counter.refuse(bargain, person)
        # An act of its own: if the process stops behind its sale, the code is not sent again.
        return Purchase(next=replace(step, key=f"{key} without"))


async def recharge_without_code(world: World, counter: Counter, person: Person, step: Recharge) -> Purchase:
    """The recharge whose code was refused, without a code."""
    step = replace(step, at=clock.now())
    return await _buy(world, counter, person, step, _deal(counter.notebook, person, step), None)


def _deal(notebook: Notebook, person: Person, step: Recharge) -> Deal:
    # An autopay may have bought something before.
    is_first = not notebook.sales_of(person.number) and not person.has_autopay
    return Deal(step.plan, step.method, step.source, clock.now(), is_first)


async def _buy(
    world: World, counter: Counter, person: Person, step: Recharge, deal: Deal, bargain: Bargain | None
) -> Purchase:
    used: Mapping[str, int] = {}
    if person.has_autopay:
        used = await world.stores.database.run(lambda db: list_uses(db, person.user_id))
    answer = await customers.recharge(world, replace(step, offer_code=bargain.code if bargain else None))
    discount, cashback, name = counter.expect(person, deal, bargain, answer, used)
    over_api = step.plan.operator in world.over_api
    from_wallet = deal.paise - discount if step.method == "wallet" else (step.wallet_rupees or 0) * 100
    counter.notebook.sell(
        Sale(
            person.number,
            step.key,
            step.phone_number,
            deal.paise,
            from_wallet,
            over_api,
            answer.created_at.timestamp(),  # not of the try that was answered at last
            discount,
            cashback,
            name,
        )
    )
    return Purchase(over_api)


async def refund(world: World, notebook: Notebook, person: Person, key: str) -> bool:
    """The staff take back the person's last recharge that was delivered at once, to the wallet. False if there is none."""
    certain = notebook.certain(person.number)
    if not certain:
        return False
    sale, share = certain[-1], person.chance.choice((1.0, 1.0, 0.5))
    rupees = round(sale.paid / 100 * share)
    step = RefundRecharge(
        at=clock.now(),
        customer=person.number,
        key=key,
        recharge=sale.key,
        reason="Bought for the wrong number",
        rupees=rupees if share < 1 else None,
    )
    waiting = await staff.refund(world, step)
    if waiting is not None:
        with clock.later(minutes=20):
            await staff.approve(world, waiting)
    notebook.refund(sale, rupees * 100 if share < 1 else sale.paid)
    return True


async def goodwill(world: World, notebook: Notebook, person: Person, key: str) -> None:
    """The support asks for a credit, and a second admin approves it or says no."""
    rupees, approved = person.chance.choice((20, 50, 99)), person.chance.random() < 0.7
    step = Adjust(
        at=clock.now(),
        customer=person.number,
        key=key,
        direction="credit",
        rupees=rupees,
        reason="goodwill",
        note="Waited long for a plan to start",
        decision="approved" if approved else "rejected",
        decision_note="Looked into",
    )
    await staff.adjust(world, step)
    if approved:
        notebook.put_in(person.number, rupees * 100)
    notebook.counts["adjustments"] += 1


async def block(world: World, notebook: Notebook, person: Person) -> None:
    """The staff stop somebody."""
    await staff.block(world, Block(at=clock.now(), customer=person.number, reason="Two chargebacks in a day"))
    notebook.counts["blocked"] += 1


async def unblock(world: World, person: Person, at: datetime) -> None:
    """The staff let them in again."""
    await staff.unblock(world, Unblock(at=at, customer=person.number, reason="The bank withdrew them"))


async def leave(world: World, notebook: Notebook, person: Person) -> None:
    """Somebody closes the account; what is left is paid out."""
    await staff.leave(world, Leave(at=clock.now(), customer=person.number, reason="Moved abroad"))
    notebook.leave(person.number)
    person.has_left = True
