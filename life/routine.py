"""What customers do again and again: renew the plan, top up, buy an add-on, recharge for the family, read notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final

from gencharge.core.values.clock import IST
from life.steps import ReadNotices, Recharge, SaveNumber, SignIn, Sold, Step, TakeReceipt, TopUp

# The last whole day of a life is yesterday, counted from 0.
LAST_DAY: Final = 90
# Nobody lets the wallet run dry.
_MIN_RUPEES: Final = 600
_FIRST_HOUR, _LAST_HOUR = 9, 21
_OPENING_RUPEES: Final = 5_000
_MONTHLY: Final = {
    "JIO": (189, 249, 299, 299, 349, 399, 449),
    "AIRTEL": (199, 299, 299, 349, 409, 449),
    "VI": (199, 299, 349),
}
_LONG: Final = {"JIO": ((579, 56), (799, 84)), "AIRTEL": ((579, 56), (859, 84)), "VI": ((579, 56), (859, 84))}
_ADDONS: Final = {"JIO": (19,), "AIRTEL": (22, 33, 77), "VI": ()}
_RENTALS: Final = {"VI": 451}
_TOPUPS: Final = (200, 300, 500, 500, 1_000)
_GATEWAY: Final = ("upi", "upi", "upi", "card", "netbanking")
_DEVICES: Final = (
    "GenCharge 2.4 on Android 15 (Redmi Note 13)",
    "GenCharge 2.4 on Android 14 (Galaxy M34)",
    "GenCharge 2.3 on iOS 18 (iPhone 14)",
    "Chrome 142 on Windows 11",
)
_RELATIVES: Final = ("Amma", "Papa", "Didi", "Bhai", "Nani")


@dataclass(slots=True)
class Person:
    """A sample customer while the script is written. `balance` in rupees, as it will be when all steps are lived."""

    number: int
    phone_number: str
    operator: str
    circle: str
    first_day: date
    chance: Random
    balance: int = _OPENING_RUPEES
    steps: list[Step] = field(default_factory=list)
    _keys: int = 0

    def when(self, day: int, hour: float | None = None) -> datetime:
        """An instant on a day of the life, in the daytime of India."""
        if hour is None:
            hour = self.chance.uniform(_FIRST_HOUR, _LAST_HOUR)
        midnight = datetime.combine(self.first_day + timedelta(days=day), time.min, tzinfo=IST)
        return midnight + timedelta(seconds=round(hour * 3600))

    def key(self, what: str) -> str:
        """The next idempotency key: the same one each time the script is written."""
        self._keys += 1
        return f"life-{self.number}-{what}-{self._keys}"

    def top_up(self, at: datetime, rupees: int, method: str | None = None) -> None:
        """Put money into the wallet."""
        method = method or self.chance.choice(_GATEWAY)
        self.steps.append(
            TopUp(at=at, customer=self.number, key=self.key("topup"), rupees=rupees, method=method)
        )
        self.balance += rupees

    def recharge(
        self,
        at: datetime,
        plan: Sold,
        *,
        phone_number: str | None = None,
        method: str = "wallet",
        wallet_rupees: int | None = None,
        replaces: bool = False,
        refusals: int = 0,
        key: str | None = None,
    ) -> Recharge:
        """Recharge a number, the own one by default; tops up first if the wallet would run dry."""
        share = plan.rupees if method == "wallet" else wallet_rupees or 0
        if self.balance - share < _MIN_RUPEES:
            self.top_up(at - timedelta(minutes=4), 1_000)
        step = Recharge(
            at=at,
            customer=self.number,
            key=key or self.key("recharge"),
            phone_number=phone_number or self.phone_number,
            plan=plan,
            method=method,
            wallet_rupees=wallet_rupees,
            source=self.chance.choice(("app", "app", "web")),
            replaces=replaces,
            refusals=refusals,
        )
        self.steps.append(step)
        if refusals < 2:
            self.balance -= share
        return step

    def pay(self, at: datetime, plan: Sold, phone_number: str | None = None) -> Recharge:
        """Recharge from the wallet, through the gateway, or with both, as this customer likes it."""
        way = self.chance.random()
        if way < 0.85:
            return self.recharge(at, plan, phone_number=phone_number)
        method = self.chance.choice(_GATEWAY)
        share = 100 if way > 0.94 and plan.rupees > 150 else None
        return self.recharge(at, plan, phone_number=phone_number, method=method, wallet_rupees=share)


def prepaid(person: Person) -> None:
    """A prepaid customer: the same plan again when it ends, add-ons between, a top-up now and then."""
    chance, operator = person.chance, person.operator
    rupees, days = chance.choice(_MONTHLY[operator]), 28
    if chance.random() < 0.45:
        rupees, days = chance.choice(_LONG[operator])
    plan = Sold(operator, "prepaid", rupees)
    day = 9 + chance.randrange(18)
    lapses = person.number % 7 == 0  # has let the last one run out
    ends = day
    while day <= LAST_DAY:
        bought = person.pay(person.when(day), plan)
        if chance.random() < 0.3:
            receipt = TakeReceipt(
                at=bought.at + timedelta(minutes=50), customer=person.number, recharge=bought.key
            )
            person.steps.append(receipt)
        ends = max(ends, day) + days
        if (
            _ADDONS[operator]
            and chance.random() < 0.5
            and (later := day + chance.randrange(2, 20)) <= LAST_DAY
        ):
            person.recharge(person.when(later), Sold(operator, "prepaid", chance.choice(_ADDONS[operator])))
        if lapses and ends > LAST_DAY - 40:
            break
        day = ends - chance.choice((0, 0, 1, 2, 3))
    if chance.random() < 0.5:
        person.top_up(person.when(chance.randrange(10, LAST_DAY + 1)), chance.choice(_TOPUPS))


def postpaid(person: Person) -> None:
    """A postpaid customer: the rental on about the same day of each month."""
    plan = Sold(person.operator, "postpaid", _RENTALS[person.operator])
    day = (10, 40)[person.number % 2] + person.chance.randrange(18)
    while day <= LAST_DAY:
        person.pay(person.when(day), plan)
        day += 30 + person.chance.randrange(2)
    if person.chance.random() < 0.7:
        person.top_up(person.when(person.chance.randrange(10, LAST_DAY + 1)), person.chance.choice(_TOPUPS))


def family(person: Person, phone_number: str) -> None:
    """Somebody whom the customer recharges for, whose number is saved under a nickname."""
    chance = person.chance
    operator = chance.choice(("JIO", "AIRTEL", "VI"))
    day = 11 + chance.randrange(20)
    saved = SaveNumber(
        at=person.when(day, 9.5),
        customer=person.number,
        phone_number=phone_number,
        nickname=chance.choice(_RELATIVES),
        operator=operator,
        circle=person.circle,
        service_type="prepaid",
    )
    person.steps.append(saved)
    plan = Sold(operator, "prepaid", chance.choice(_MONTHLY[operator]))
    while day <= LAST_DAY:
        person.pay(person.when(day, chance.uniform(10, _LAST_HOUR)), plan, phone_number)
        day += 28 + chance.randrange(3)


def habits(person: Person) -> None:
    """Signing in now and then, and reading what came; the last days' notices stay unread for most."""
    chance = person.chance
    if person.number % 2:
        day = chance.randrange(LAST_DAY - 12, LAST_DAY + 1)
        person.steps.append(
            SignIn(at=person.when(day), customer=person.number, device=chance.choice(_DEVICES))
        )
    person.steps.append(ReadNotices(at=person.when(chance.randrange(78, 88), 22), customer=person.number))


def signs_in_today(person: Person, now: datetime) -> None:
    """A session that is still live."""
    at = now - timedelta(hours=person.chance.uniform(0.5, 10))
    person.steps.append(SignIn(at=at, customer=person.number, device=person.chance.choice(_DEVICES)))


def by_time(people: list[Person]) -> Iterator[Step]:
    """Everybody's steps."""
    for person in people:
        yield from person.steps
