"""RazorpayX: sending money to a UPI id or a bank account, which `gencharge sandbox` implements, too. Amounts in paise.

A contact has fund accounts, a fund account is checked with the bank before money goes there, and a payout goes to one. The
`reference` of a payout is its idempotency key, too, so that sending it twice pays once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gencharge.payments import razorpay_replies as replies
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.razorpay_replies import Json

_LONGEST_NAME: Final = 50


@dataclass(frozen=True, slots=True)
class Destination:
    """Where money goes: a UPI id, or a bank account with its IFSC and the name of its holder."""

    upi_address: str | None = None
    account_number: str | None = None
    ifsc: str | None = None
    account_name: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedAccount:
    """A fund account, and what the bank says of it."""

    fund_account: str
    status: str  # active, invalid; empty: the bank has not answered yet
    name: str  # of its holder, as the bank has it


@dataclass(frozen=True, slots=True)
class GatewayPayout:
    """Money on its way to a fund account."""

    gateway_payout_id: str
    reference: str
    amount: int
    status: str  # queued, pending, processing, processed, reversed, rejected, cancelled, failed
    utr: str  # the bank's reference, the proof that it arrived; empty before
    reason: str


class RazorpayPayouts:
    """The payouts of an account at RazorpayX. Each method raises CallRefused, CallNotSent or CallUnknown."""

    def __init__(self, gateway: Razorpay, account_number: str) -> None:
        self._gateway = gateway
        self._account_number = account_number

    async def close(self) -> None:
        """Close all connections."""
        await self._gateway.close()

    async def check_account(
        self, *, name: str, contact: str, reference: str, destination: Destination
    ) -> CheckedAccount:
        """Register where money is to go, and have the bank check it. Moves no money of the customer."""
        person = {
            "name": (destination.account_name or name or "Customer")[:_LONGEST_NAME],
            "contact": contact,
            "type": "customer",
            "reference_id": reference,
        }
        contact_id = await self._gateway.ask("POST", "/contacts", _id, person)
        account: dict[str, object] = {"contact_id": contact_id}
        if destination.upi_address is not None:
            account |= {"account_type": "vpa", "vpa": {"address": destination.upi_address}}
        else:
            bank = {
                "name": destination.account_name,
                "ifsc": destination.ifsc,
                "account_number": destination.account_number,
            }
            account |= {"account_type": "bank_account", "bank_account": bank}
        fund_account = await self._gateway.ask("POST", "/fund_accounts", _id, account)
        question = {
            "account_number": self._account_number,
            "fund_account": {"id": fund_account},
            "amount": 100,
            "currency": "INR",
        }
        status, holder = await self._gateway.ask("POST", "/fund_accounts/validations", _validation, question)
        return CheckedAccount(fund_account, status, holder)

    async def pay_out(
        self, *, user_id: str, reference: str, fund_account: str, amount: int, mode: str, narration: str
    ) -> GatewayPayout:
        """Send money. The same reference again is the same payout. `user_id` comes back in the webhooks about it."""
        body = {
            "account_number": self._account_number,
            "fund_account_id": fund_account,
            "amount": amount,
            "currency": "INR",
            "mode": mode,
            "purpose": "refund",
            "queue_if_low_balance": True,
            "reference_id": reference,
            "narration": narration,
            "notes": {"user_id": user_id},
        }
        headers = {"X-Payout-Idempotency": reference}
        return await self._gateway.ask("POST", "/payouts", _payout, body, headers=headers)

    async def fetch_payout(self, gateway_payout_id: str) -> GatewayPayout:
        """One payout."""
        return await self._gateway.ask("GET", f"/payouts/{quote(gateway_payout_id, safe='')}", _payout)

    async def find_payout(self, reference: str) -> GatewayPayout | None:
        """The payout with this reference, which an earlier call without an answer may have made."""
        where = (
            f"account_number={quote(self._account_number, safe='')}&reference_id={quote(reference, safe='')}"
        )
        payouts = await self._gateway.ask("GET", f"/payouts?{where}", replies.each(_payout))
        return next((payout for payout in payouts if payout.reference == reference), None)


def _id(reply: Json) -> str:
    return replies.text(reply, "id")


def _validation(reply: Json) -> tuple[str, str]:
    results = reply.get("results")
    results = replies.json_object(results) if isinstance(results, Mapping) else {}
    is_done = replies.text(reply, "status") == "completed"
    status = replies.maybe_text(results, "account_status") if is_done else ""
    return status if status in {"active", "invalid"} else "", replies.maybe_text(results, "registered_name")


def _payout(reply: Json) -> GatewayPayout:
    details = reply.get("status_details")
    details = replies.json_object(details) if isinstance(details, Mapping) else {}
    return GatewayPayout(
        gateway_payout_id=replies.text(reply, "id"),
        reference=replies.maybe_text(reply, "reference_id"),
        amount=replies.paise(reply, "amount"),
        status=replies.text(reply, "status"),
        utr=replies.maybe_text(reply, "utr"),
        reason=replies.maybe_text(details, "reason"),
    )
