"""What a customer reads about each transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gencharge.wallet.history import BusinessEvent
from gencharge.wallet.models import Code, PaymentMethod
from gencharge.wallet.schemas import TransactionCategory, TransactionStatus

_METHODS: Final[Mapping[str, str]] = {
    PaymentMethod.UPI: "UPI",
    PaymentMethod.CARD: "card",
    PaymentMethod.NETBANKING: "net banking",
}
_FIXED: Final = {
    TransactionCategory.OPENING: "Opening balance",
    TransactionCategory.PAYOUT: "Balance paid out when the account was closed",
}


def describe(event: BusinessEvent, names: Mapping[str, str]) -> str:
    """One line for the customer, without the amount and without a full stop. `names`: the operators' names by code."""
    if event.category in _FIXED:
        return _FIXED[event.category]
    if event.category is TransactionCategory.REFERRAL:
        return "Referral reward" if event.comes_in else "Referral reward taken back"
    if event.category is TransactionCategory.RECHARGE:
        return _recharge(event, names)
    if event.category is TransactionCategory.REFUND:
        return _refund(event, names)
    if event.category is TransactionCategory.SOURCE_REFUND:
        return _source_refund(event)
    if event.category is TransactionCategory.TOPUP:
        method = _METHODS.get(event.payment_method or "")
        return f"Money added by {method}" if method else "Money added"
    if event.category is TransactionCategory.CASHBACK:
        number = event.first.phone_number
        return f"Cashback for the recharge of {_spaced(number)}" if number else "Cashback"
    return "Correction by customer care: " + ("money added" if event.comes_in else "money taken")


def _recharge(event: BusinessEvent, names: Mapping[str, str]) -> str:
    what = f"Recharge{_of(event, names)}"
    return f"{what} failed" if event.status is TransactionStatus.FAILED else what


def _refund(event: BusinessEvent, names: Mapping[str, str]) -> str:
    what = f"the recharge{_of(event, names)}"
    if event.first.code == Code.RELEASE:
        return f"Your payment for {what}, which failed"
    if event.status is TransactionStatus.PENDING:
        return f"Refund of {what}, on its way to where you paid from"
    if event.wallet_change < event.amount:
        return f"Refund of {what} to where you paid from"
    return f"Refund of {what}"


def _source_refund(event: BusinessEvent) -> str:
    where = "where you paid from"
    if event.status is TransactionStatus.FAILED:
        return f"Money could not be sent back to {where}; it is in your wallet"
    return f"Money sent back to {where}"


def _of(event: BusinessEvent, names: Mapping[str, str]) -> str:
    """` of 98765 43210 with Jio`; what is not known is left out."""
    number, operator = event.first.phone_number, event.first.operator
    return (f" of {_spaced(number)}" if number else "") + (
        f" with {names.get(operator, operator)}" if operator else ""
    )


def _spaced(phone_number: str) -> str:
    """`+919876543210` -> `98765 43210`."""
    national = phone_number.removeprefix("+91")
    return f"{national[:5]} {national[5:]}"
