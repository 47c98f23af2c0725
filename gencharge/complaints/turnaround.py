"""Until when a complaint has to be settled, and what a customer is owed who waited for longer.

Money: RBI, Harmonisation of Turn Around Time and customer compensation for failed transactions (DPSS.CO.PD No.629/02.01.014/2019-20,
20 September 2019), prepaid payment instruments: the money is back by the end of the day after the transaction (T + 1), and each
day after that costs Rs 100. Service: TRAI, Telecom Consumers Complaint Redressal Regulations, 2012, regulation 8: three days. Days
are days in India. All cited from memory, as `docs/explanation/rules.md` says.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from gencharge.complaints.models import ComplaintReason
from gencharge.core.values import clock
from gencharge.core.values.money import Money

MONEY_DAYS: Final = 1
SERVICE_DAYS: Final = 3
RUPEES_A_DAY: Final = 100
_ABOUT_MONEY: Final = frozenset(
    {
        ComplaintReason.NOT_DELIVERED,
        ComplaintReason.CHARGED_TWICE,
        ComplaintReason.WRONG_AMOUNT,
        ComplaintReason.REFUND_MISSING,
    }
)


def due_at(reason: ComplaintReason, complained_at: datetime) -> datetime:
    """The instant until which a complaint has to be settled: the end of the last day in India that counts."""
    days = MONEY_DAYS if reason in _ABOUT_MONEY else SERVICE_DAYS
    return clock.start_of_day(_day(complained_at) + timedelta(days=days + 1))


def owed(reason: ComplaintReason, recharged_at: datetime, at: datetime) -> Money:
    """What a customer is owed at an instant who is right: Rs 100 for each day in India after T + 1, T being the day of the recharge.

    Nothing for a complaint that is not about money.
    """
    if reason not in _ABOUT_MONEY:
        return Money(0)
    late = (_day(at) - _day(recharged_at)).days - MONEY_DAYS
    return Money.rupees(RUPEES_A_DAY * max(0, late))


def _day(instant: datetime) -> date:
    return instant.astimezone(clock.IST).date()
