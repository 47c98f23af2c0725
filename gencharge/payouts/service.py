"""Where a customer wants the rest of their money, and what happens to it when the account is closed.

The bank is asked before anything is written: outside of transactions, and bounded, because each question costs us money and tells
something about an account. Only the gateway keeps the number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import field_problem
from gencharge.core.events.events import emit
from gencharge.core.values import clock
from gencharge.core.vault.columns import Sealed
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.payments.service import CallFailed, CallRefused, Destination
from gencharge.payouts import crud
from gencharge.payouts.context_service import PayoutContext
from gencharge.payouts.errors import (
    PayeeChecksExceeded,
    PayeeInvalid,
    PayeeNotFound,
    PayeeNotVerified,
    PayoutsUnavailable,
)
from gencharge.payouts.events import PayeeRemoved, PayeeVerified, PayoutNeedsPayee
from gencharge.payouts.models import NO_PAYEE, Payee, PayeeKind, Payout, PayoutStatus
from gencharge.payouts.schemas import PayeeOut, PayeeUpdate
from gencharge.users import service as users
from gencharge.velocity import service as velocity

MAX_CHECKS: Final = 5
CHECKS_WINDOW: Final = timedelta(hours=24)
_CAUTIOUS: Final = worded(
    "For a while after a sign-up, a sign-in on a new device or a change of number you can't say where money is paid out."
)


@dataclass(frozen=True, slots=True)
class CheckedPayee:
    """A payee that the bank knows."""

    kind: PayeeKind
    destination: str
    holder: str
    fund_account: str


async def set_payee(context: PayoutContext, user_id: UUID, command: PayeeUpdate) -> PayeeOut:
    """Check with the bank where money is to go, and keep it. Not inside a transaction.

    Raises PayeeChecksExceeded, also while the velocity rules are cautious about the customer: who has their phone or number would
    otherwise empty the wallet past those rules. Raises PayeeInvalid, PayeeNotVerified, PayoutsUnavailable.
    """
    until = await context.database.run(lambda db: velocity.cautious_until(db, user_id))
    if until is not None:
        seconds = max(1, ceil((until - clock.now()).total_seconds()))
        raise PayeeChecksExceeded(_CAUTIOUS, retry_after_seconds=seconds)
    checked = await check(context, user_id, command)
    return await context.database.run(lambda db: _keep(db, user_id, checked))


async def check(context: PayoutContext, user_id: UUID, command: PayeeUpdate) -> CheckedPayee:
    """Ask the bank about a payee. Not inside a transaction. Raises what `set_payee` raises."""
    gateway = context.gateway
    if gateway is None:
        raise PayoutsUnavailable

    async def begin(db: AsyncSession) -> tuple[int, str, str]:
        # Also of an account that was closed; of one that was erased nothing is known.
        user = (await users.briefs(db, [user_id])).get(user_id)
        asked = await crud.count_check(db, user_id, window=CHECKS_WINDOW)
        return asked, (user and user.name) or "", user.phone_number if user else ""

    # Counted before the question, also if its answer is a refusal.
    asked, name, contact = await context.database.run(begin)
    if asked > MAX_CHECKS:
        raise PayeeChecksExceeded(retry_after_seconds=int(CHECKS_WINDOW.total_seconds()))
    destination = Destination(command.upi_address, command.account_number, command.ifsc, command.account_name)
    try:
        account = await gateway.check_account(
            name=name, contact=contact, reference=str(user_id), destination=destination
        )
    except CallRefused:
        raise _invalid(command) from None
    except CallFailed:
        raise PayoutsUnavailable from None
    if account.status == "invalid":
        raise _invalid(command)
    if account.status != "active":
        raise PayeeNotVerified
    kind = PayeeKind.UPI if command.upi_address is not None else PayeeKind.BANK_ACCOUNT
    return CheckedPayee(kind, masked(command), first_letters(account.name), account.fund_account)


async def show_payee(db: AsyncSession, user_id: UUID) -> PayeeOut:
    """Where the customer wants money. Raises PayeeNotFound."""
    payee = await crud.get_payee(db, user_id)
    if payee is None or payee.kind is None:
        raise PayeeNotFound
    return PayeeOut.model_validate(payee)


async def remove_payee(db: AsyncSession, user_id: UUID) -> None:
    """Take it away. Raises PayeeNotFound."""
    if not await crud.clear_payee(db, user_id):
        raise PayeeNotFound
    await emit(db, PayeeRemoved(user_id=str(user_id)))


async def begin(db: AsyncSession, user_id: UUID) -> None:
    """Send what was taken out of the wallet of an account that is being closed, in the transaction that closes it."""
    payee = await crud.get_payee(db, user_id)
    for payout_id, amount in await crud.list_without_payout(db, user_id):
        values: Mapping[str, Any] = {"status": PayoutStatus.NEEDS_PAYEE.value, "reason": NO_PAYEE}
        if payee is not None and payee.kind is not None:
            values = {
                "status": PayoutStatus.DUE.value,
                "next_attempt_at": clock.now(),
                "kind": payee.kind,
                "destination": payee.destination,
                "holder": payee.holder,
                "fund_account": await _moved(db, payee, (user_id, payout_id)),
            }
        db.add(Payout(user_id=user_id, payout_id=payout_id, amount=amount, created_at=clock.now(), **values))
        await db.flush()
        if values["status"] == PayoutStatus.NEEDS_PAYEE.value:
            await emit(
                db,
                PayoutNeedsPayee(
                    user_id=str(user_id), payout_id=str(payout_id), amount_paise=amount, reason=NO_PAYEE
                ),
            )


def masked(command: PayeeUpdate) -> str:
    """`as***@okaxis`, `***6789`."""
    if command.upi_address is not None:
        name, _, handle = command.upi_address.partition("@")
        return f"{name[:2]}***@{handle}"
    return f"***{(command.account_number or '')[-4:]}"


def first_letters(name: str) -> str:
    """`A*** V***`: enough to see that it is one's own, too little to look strangers up. A bank without a name: `***`."""
    words = [f"{word[0].upper()}***" for word in name.split()[:4]]
    return " ".join(words) or "***"


async def _keep(db: AsyncSession, user_id: UUID, checked: CheckedPayee) -> PayeeOut:
    await crud.set_payee(
        db,
        user_id,
        kind=checked.kind.value,
        destination=checked.destination,
        holder=checked.holder,
        fund_account=await Vault.of(db).seal(Payee.fund_account, (user_id,), checked.fund_account),
        verified_at=clock.now(),
    )
    await emit(
        db,
        PayeeVerified(user_id=str(user_id), kind=checked.kind.value, destination=checked.destination),
    )
    return await show_payee(db, user_id)


async def _moved(db: AsyncSession, payee: Payee, identity: tuple[UUID, UUID]) -> Sealed:
    vault = Vault.of(db)
    return await vault.seal(Payout.fund_account, identity, await vault.show(payee, Payee.fund_account))


def _invalid(command: PayeeUpdate) -> PayeeInvalid:
    name = "upi_address" if command.upi_address is not None else "account_number"
    return PayeeInvalid(errors=[field_problem(f"body.{name}", PayeeInvalid.title(), PayeeInvalid.code())])


async def find(db: AsyncSession, text: str, payout_id: UUID | None) -> Sequence[tuple[Payout, bool]]:
    """The payouts of this id, and those that the gateway or the bank calls so (true)."""
    own = await crud.list_by_id(db, payout_id) if payout_id is not None else ()
    return [(row, False) for row in own] + [(row, True) for row in await crud.list_by_gateway(db, text)]
