"""The life as data: routine for everybody, and the stories that make each page of the product show something.

A life has 91 whole days, the last of which is yesterday, and a little of today. Everything but that little happens in
the daytime of India.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from gencharge.core.values import clock
from gencharge.seed import USERS, circle_of, operator_of, phone_of
from life import routine
from life.pages import announcement, pages
from life.questions import enquiries
from life.routine import LAST_DAY, Person
from life.steps import (
    Adjust,
    ApproveMandate,
    Block,
    ChangePrice,
    FillWalletUp,
    ForgedWebhook,
    Leave,
    Reconcile,
    RefundRecharge,
    SetAutopay,
    SetAutoTopup,
    Sold,
    StaffSignIn,
    Step,
    TakeReceipt,
    TopUp,
    Unblock,
    UseChannel,
)

DAYS: Final = LAST_DAY + 1
# Whom the newcomer's first recharge is for: a wallet of Rs 5,000, and a plan that ended yesterday.
NEWCOMER: Final = 1
# Signed up as the fifty did, and has closed the account.
LEAVER: Final = USERS + 1
LEAVER_PHONE: Final = phone_of(LEAVER)
# The last recharge of every life, whatever the script of a later version says: who has it has lived.
LAST_CUSTOMER, LAST_KEY = 30, "life-last"
_JIO_299: Final = Sold("JIO", "prepaid", 299)
_YEAR: Final = Sold("JIO", "prepaid", 1899)
_RECONCILED_DAYS: Final = 12


def first_day_of(now: datetime) -> date:
    """The first day, in India, of a life that ends `now`."""
    return now.astimezone(clock.IST).date() - timedelta(days=DAYS)


def joined_at(first_day: date, number: int) -> datetime:
    """When a sample customer signed up: six a day, in the daytime of India."""
    minutes = 9 * 60 + 97 * ((number - 1) % 6) + number % 13
    return clock.start_of_day(first_day + timedelta(days=(number - 1) // 6)) + timedelta(minutes=minutes)


def script(first_day: date, now: datetime, seed: int = 1) -> list[Step]:
    """All steps of a life that began on `first_day`, in the order of their instants, none of them after `now`."""
    people = [_person(number, first_day, seed) for number in range(1, USERS + 1)]
    by_number = {person.number: person for person in people}
    for person in people:
        if person.number != NEWCOMER:
            (routine.prepaid if person.number <= 40 else routine.postpaid)(person)
            if person.number % 10 == 5:
                routine.family(person, f"+91900000{2000 + person.number}")
        routine.habits(person)
    _newcomer(by_number[NEWCOMER])
    _refused_and_declined(by_number)
    _refunds(by_number)
    _mandate(by_number[5])
    _today(by_number, now)
    _clamp(people, now)
    steps = [*routine.by_time(people), *_staff(by_number, now)]
    return sorted((step for step in steps if step.at <= now), key=lambda step: step.at)


def _person(number: int, first_day: date, seed: int) -> Person:
    return Person(
        number=number,
        phone_number=phone_of(number),
        operator=operator_of(number),
        circle=circle_of(number),
        first_day=first_day,
        chance=Random(f"{seed}:{number}"),  # noqa: S311 - a story, not a secret
    )


def _newcomer(person: Person) -> None:
    """The customer of the README: all ways to pay, a mistake taken back; what was spent was topped up."""
    person.recharge(person.when(6, 10), _JIO_299)
    person.recharge(person.when(33, 19), _JIO_299, method="upi")
    add_on = person.recharge(person.when(40, 21), Sold("JIO", "prepaid", 19), method="upi")
    wrong = person.recharge(person.when(45, 12), Sold("JIO", "prepaid", 349), phone_number=phone_of(11))
    person.steps += [
        RefundRecharge(
            at=person.when(45, 16.5),
            customer=person.number,
            key=person.key("refund"),
            recharge=wrong.key,
            reason="Wrong number, operator agreed",
        ),
        TakeReceipt(at=person.when(41, 9), customer=person.number, recharge=add_on.key),
        TopUp(
            at=person.when(61, 20),
            customer=person.number,
            key=person.key("topup"),
            rupees=500,
            method="card",
            ending="declined",
        ),
    ]
    person.top_up(person.when(61, 20.1), 598, "upi")
    last = person.recharge(person.when(62, 11), _JIO_299)
    person.steps.append(TakeReceipt(at=person.when(63, 9), customer=person.number, recharge=last.key))


def _refused_and_declined(people: dict[int, Person]) -> None:
    """What goes wrong: an operator refuses, one channel refuses and the next delivers, payments fail or are left."""
    rental = Sold("VI", "postpaid", 451)
    friend = people[43]
    friend.recharge(friend.when(52), rental, phone_number=phone_of(48), refusals=2)
    other = people[44]
    other.recharge(other.when(66), rental, phone_number=phone_of(49), refusals=1)
    for number, day, ending in (
        (7, 38, "declined"),
        (12, 57, "abandoned"),
        (27, 83, "declined"),
        (33, 89, "abandoned"),
    ):
        person = people[number]
        at = person.when(day)
        person.steps.append(
            TopUp(
                at=at,
                customer=number,
                key=person.key("topup"),
                rupees=500,
                method="card" if ending == "declined" else "netbanking",
                ending="declined" if ending == "declined" else "abandoned",
            )
        )
        if ending == "declined":
            person.top_up(at + timedelta(minutes=3), 500, "upi")


def _refunds(people: dict[int, Person]) -> None:
    """A recharge taken back to the wallet, one to where the money came from, and a plan replaced before its end."""
    for number, to_source, rupees in ((23, True, None), (34, False, 100)):
        person = people[number]
        at = person.when(58 + number % 7, 11)
        bought = person.recharge(
            at,
            Sold(person.operator, "prepaid", 349),
            phone_number=phone_of(number + 3),
            method="upi" if to_source else "wallet",
        )
        refund = RefundRecharge(
            at=at + timedelta(hours=5),
            customer=number,
            key=person.key("refund"),
            recharge=bought.key,
            reason="Bought for the wrong number" if to_source else "Data did not work for three days",
            rupees=rupees,
            to_source=to_source,
        )
        person.steps.append(refund)
    hasty = people[8]
    hasty.recharge(hasty.when(84), Sold("JIO", "prepaid", 449), replaces=True)


def _mandate(person: Person) -> None:
    """A customer whose wallet fills itself up: announced, charged a day later, and seen to be paid."""
    # Between the banks' peak hours, so that the charge comes a day later to the minute.
    at = person.when(84, 14)
    person.steps += [
        ApproveMandate(at=at, customer=person.number, key=person.key("mandate"), max_rupees=5_000),
        SetAutoTopup(
            at=at + timedelta(minutes=10),
            customer=person.number,
            below_rupees=4_000,
            rupees=4_000,
            monthly_rupees=8_000,
        ),
        *(FillWalletUp(at=at + timedelta(hours=hours)) for hours in (0.3, 24.5, 24.6, 25.2)),
    ]


def _today(people: dict[int, Person], now: datetime) -> None:
    """Yesterday and the last hours: renewals that wait behind the running plan, add-ons, top-ups, one payment open."""
    for number, hours in ((2, 30), (6, 26), (22, 24), (25, 5), (9, 3), (LAST_CUSTOMER, 1.5)):
        person = people[number]
        plan = Sold(person.operator, "prepaid", 349)
        # The same plan twice: the second one waits behind the first, whatever ran before.
        person.recharge(now - timedelta(hours=hours + 40), plan)
        last = LAST_KEY if number == LAST_CUSTOMER else None
        person.recharge(now - timedelta(hours=hours), plan, key=last)
    for number, hours in ((5, 20), (6, 10), (22, 3)):
        person = people[number]
        person.steps.append(
            SetAutopay(
                at=now - timedelta(hours=hours),
                customer=number,
                phone_number=person.phone_number,
                plan=Sold(person.operator, "prepaid", 349),
            )
        )
    for number, hours in ((3, 21), (10, 4), (16, 2), (24, 0.75)):
        people[number].top_up(now - timedelta(hours=hours), 500, "upi")
    people[45].recharge(now - timedelta(hours=2.5), Sold("VI", "postpaid", 451), phone_number=phone_of(46))
    for number in range(5, USERS + 1, 5):
        routine.signs_in_today(people[number], now)
    shopper = people[19]
    shopper.steps.append(
        TopUp(
            at=now - timedelta(minutes=6),
            customer=19,
            key=shopper.key("topup"),
            rupees=300,
            method="upi",
            ending="abandoned",
        )
    )


def _clamp(people: list[Person], now: datetime) -> None:
    """Leave out what lies in the future: today's daytime may not be over."""
    for person in people:
        person.steps = [step for step in person.steps if step.at <= now]


def _staff(people: dict[int, Person], now: datetime) -> list[Step]:
    """What the staff did: prices, channels, complaints, a block, a closed account, the nightly reconciliation."""
    anybody = people[NEWCOMER]
    steps: list[Step] = [
        UseChannel(at=anybody.when(9, 8), operator="VI", channel="api"),
        ChangePrice(at=anybody.when(20, 11), plan=_YEAR, rupees=1_849),
        ChangePrice(at=anybody.when(35, 11), plan=_YEAR, rupees=1_899),
        Block(at=anybody.when(70, 14), customer=36, reason="Three chargebacks in a week"),
        Unblock(at=anybody.when(73, 10), customer=36, reason="The bank withdrew the chargebacks"),
        Leave(at=anybody.when(64, 15), customer=LEAVER, reason="Moved abroad"),
        ForgedWebhook(at=anybody.when(81, 18.2)),
        *_adjustments(anybody),
        *enquiries(anybody, now),
        *pages(anybody.when(2, 10)),
        announcement(anybody.when(LAST_DAY - 2, 12)),
    ]
    signed_in = [(number, anybody.when(day, 8.75)) for number, day in ((1, 88), (4, 89), (7, 90), (4, 90))]
    signed_in += [(1, now - timedelta(hours=3)), (4, now - timedelta(hours=2))]
    for number, at in signed_in:
        steps.append(StaffSignIn(at=at, admin=number, device="Firefox 145 on Ubuntu 24.04"))
    for day in range(LAST_DAY - _RECONCILED_DAYS, LAST_DAY):
        steps.append(
            Reconcile(
                at=anybody.when(day + 1, 3.5),
                day=anybody.first_day + timedelta(days=day),
                distorted=day == LAST_DAY - 7,
            )
        )
    return steps


def _adjustments(anybody: Person) -> list[Step]:
    return [
        Adjust(
            at=anybody.when(48, 13),
            customer=5,
            key="life-adjustment-1",
            direction="credit",
            rupees=50,
            reason="goodwill",
            note="Waited two hours for a plan to start, ticket 4711",
            decision="approved",
            decision_note="Agreed with the customer",
        ),
        Adjust(
            at=anybody.when(67, 10),
            customer=31,
            key="life-adjustment-2",
            direction="debit",
            rupees=200,
            reason="wrong_amount",
            note="Cashback booked twice, ticket 4802",
            decision="rejected",
            decision_note="It was booked once; see the statement",
        ),
        Adjust(
            at=anybody.when(79, 16),
            customer=18,
            key="life-adjustment-3",
            direction="credit",
            rupees=149,
            reason="failed_recharge",
            note="Customer says that a recharge failed, ticket 4866",
            decision="cancelled",
            decision_note="The recharge was found; it went to another number",
        ),
        Adjust(
            at=anybody.when(LAST_DAY, 15),
            customer=14,
            key="life-adjustment-4",
            direction="credit",
            rupees=75,
            reason="goodwill",
            note="Third complaint about the same add-on, ticket 4903",
            decision="open",
        ),
    ]
