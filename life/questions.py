"""What customers and a visitor ask, and what the support answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from life.routine import LAST_DAY, Person
from life.steps import Ask, Step, VisitorAsks


def enquiries(anybody: Person, now: datetime) -> list[Step]:
    """What was asked: one resolved, one answered, two that wait, and one of somebody without an account."""
    return [
        Ask(
            at=anybody.when(45, 13),
            customer=anybody.number,
            key="life-enquiry-1",
            category="recharge",
            message="I recharged the wrong number, 9000001011 instead of my own. Can you take it back?",
            answers=(
                (
                    0.4,
                    "reply",
                    "We have asked the operator to take the recharge back. Please wait until this evening.",
                ),
                (1.1, "note", "Plan not used yet, Jio agreed by phone."),
                (4.0, "resolution", "The operator has agreed. Rs 349.00 is in your wallet."),
            ),
        ),
        Ask(
            at=anybody.when(67, 9.2),
            customer=31,
            key="life-enquiry-2",
            category="wallet",
            message="I think that a cashback was booked twice. Please check.",
            answers=(
                (
                    6.5,
                    "reply",
                    "It was booked once. Your history shows the cashback and the recharge it is for.",
                ),
            ),
        ),
        VisitorAsks(
            at=anybody.when(82, 17.4),
            key="life-enquiry-3",
            name="Farida Shaikh",
            email="farida.shaikh@example.com",
            category="offers",
            message="Can I use the offer for new customers with a postpaid number?",
            answers=(
                (
                    15.0,
                    "resolution",
                    "Yes: it holds for the first recharge of a new account, prepaid or postpaid.",
                ),
            ),
        ),
        Ask(
            at=anybody.when(LAST_DAY, 14.6),
            customer=14,
            key="life-enquiry-4",
            category="complaint",
            message="The same add-on did not start for the third time. I want my money back.",
        ),
        Ask(
            at=now - timedelta(hours=1),
            customer=5,
            key="life-enquiry-5",
            category="recharge",
            message="When does my queued plan start?",
        ),
    ]
