"""The one door through which money moves.

    await wallet.credit(db, user_id, Money.rupees(500), source_account="opening", code=Code.OPENING, key="seed")
    await wallet.debit(db, user_id, amount, target_account="operator:jio", code=Code.RECHARGE, key=str(recharge_id))

Every movement has a key: the same key and code of one customer is booked once. The answer is the balance that can be
spent afterwards; `replayed` if the movement had been booked before. The hot
path of a recharge goes through the same SQL function, `wallet_transfer`, inside `recharge_from_wallet`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.users.models import KycTier
from gencharge.wallet import crud
from gencharge.wallet.crud import About
from gencharge.wallet.errors import (
    BalanceLimitExceeded,
    InsufficientBalance,
    TransactionNotFound,
    WalletNotFound,
)
from gencharge.wallet.models import Account, Code, Transfer
from gencharge.wallet.schemas import (
    TransactionCategory,
    TransactionOut,
    TransactionPage,
    TransactionQuery,
    TxnStatus,
    TxnType,
    WalletLimits,
    WalletOut,
)


async def open_wallet(db: AsyncSession, user_id: UUID) -> None:
    """Give a customer an empty wallet. Harmless where there is one."""
    await crud.add_wallet(db, user_id)


async def credit(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    *,
    source_account: str,
    code: Code,
    key: str,
    balance_limit: Money | None = None,
    **about: Unpack[About],
) -> Answered[Money]:
    """Put `amount` from `source_account` into the wallet.

    `about` says what it is about (`crud.About`). Raises WalletNotFound, and
    BalanceLimitExceeded where the wallet would hold more than `balance_limit`.
    """
    return await _move(
        db,
        user_id,
        amount,
        source_account,
        Account.MAIN,
        code=code,
        key=key,
        balance_limit=balance_limit,
        **about,
    )


async def debit(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    *,
    target_account: str,
    code: Code,
    key: str,
    **about: Unpack[About],
) -> Answered[Money]:
    """Take `amount` out of the wallet into `target_account`. Raises WalletNotFound, InsufficientBalance."""
    return await _move(db, user_id, amount, Account.MAIN, target_account, code=code, key=key, **about)


async def release(
    db: AsyncSession, user_id: UUID, amount: Money, *, code: Code, key: str, **about: Unpack[About]
) -> Answered[Money]:
    """Give held money back to what can be spent. Raises WalletNotFound, InsufficientBalance where it is not held."""
    return await _move(db, user_id, amount, Account.HELD, Account.MAIN, code=code, key=key, **about)


async def write_off(
    db: AsyncSession,
    amount: Money,
    *,
    debit_account: str,
    credit_account: str,
    key: str,
    **about: Unpack[About],
) -> Answered[Money]:
    """Book a difference with a counterparty between two accounts of the house; no customer's balance changes.

    It is the system's movement, so it stands in no customer's history. `about` as for `credit`.
    """
    await crud.add_wallet(db, SYSTEM_USER_ID)
    return await _move(
        db, SYSTEM_USER_ID, amount, debit_account, credit_account, code=Code.WRITE_OFF, key=key, **about
    )


async def _move(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    debit_account: str,
    credit_account: str,
    *,
    code: Code,
    key: str,
    balance_limit: Money | None = None,
    **about: Unpack[About],
) -> Answered[Money]:
    if not amount:
        raise ValueError("a movement has an amount above zero")
    if unknown := about.keys() - About.__annotations__.keys():
        raise TypeError(f"a movement is not described by {', '.join(sorted(unknown))}")
    if await crud.find_transfer(db, user_id, key, code) is not None:
        return Answered(await available(db, user_id), replayed=True)
    after = await crud.add_transfer(
        db,
        user_id=user_id,
        transfer_id=new_id(),
        debit=str(debit_account),
        credit=str(credit_account),
        amount=amount.paise,
        code=code,
        key=key,
        balance_limit=None if balance_limit is None else balance_limit.paise,
        about=about,
    )
    if after is None:
        await available(db, user_id)  # raises WalletNotFound
        raise BalanceLimitExceeded if balance_limit is not None else InsufficientBalance
    posted, held = after
    return Answered(Money(posted - held))


async def available(db: AsyncSession, user_id: UUID) -> Money:
    """What the customer can spend now. Raises WalletNotFound."""
    found = await crud.get_wallet(db, user_id)
    if found is None:
        raise WalletNotFound
    return Money(found.posted - found.held)


async def show(database: Database, user_id: UUID, settings: Settings) -> WalletOut:
    """The wallet, in one round trip. Raises WalletNotFound."""
    balance = await crud.get_balance(database, user_id)
    if balance is None:
        raise WalletNotFound
    posted, held, kyc_tier = balance
    return WalletOut(balance=Money(posted - held), held=Money(held), limits=limits(settings, kyc_tier))


def limits(settings: Settings, kyc_tier: str | None = "small") -> WalletLimits:
    """The limits of a KYC tier: `small` (minimum details) or `full`."""
    if kyc_tier == KycTier.FULL:
        return _limits("full", settings.wallet_full_balance_limit, None, None)
    return _limits(
        "small",
        settings.wallet_small_balance_limit,
        settings.wallet_small_monthly_load_limit,
        settings.wallet_small_yearly_load_limit,
    )


@lru_cache(maxsize=16)
def _limits(kyc_tier: str, balance: int, monthly: int | None, yearly: int | None) -> WalletLimits:
    return WalletLimits(
        kyc_tier=kyc_tier,
        balance=Money.rupees(balance),
        monthly_load=None if monthly is None else Money.rupees(monthly),
        yearly_load=None if yearly is None else Money.rupees(yearly),
    )


async def list_transactions(db: AsyncSession, user_id: UUID, wanted: TransactionQuery) -> TransactionPage:
    """A page of the customer's transactions."""
    order = Order(
        column_of(Transfer.created_at), column_of(Transfer.id), descending=wanted.sort == "-created_at"
    )
    rows, cursor, total = await fetch_page(db, crud.select_transfers(user_id, wanted), order, wanted)
    return TransactionPage(items=[_shown(row) for row in rows], next_cursor=cursor, total=total)


async def get_transaction(db: AsyncSession, user_id: UUID, transaction_id: UUID) -> TransactionOut:
    """One transaction of the customer's. Raises TransactionNotFound, also for another's."""
    found = await crud.get_transfer(db, user_id, transaction_id)
    if found is None:
        raise TransactionNotFound
    return _shown(found)


def _shown(row: Transfer) -> TransactionOut:
    return TransactionOut(**fields_of(row))


def fields_of(row: Transfer) -> dict[str, Any]:
    """A transfer as a transaction of the wallet's: the fields of TransactionOut."""
    comes_in = row.credit == Account.MAIN
    held = row.credit == Account.HELD
    released = row.debit == Account.HELD and comes_in
    return {
        "transaction_id": row.id,
        "category": TransactionCategory(Code(row.code).name.lower()),
        "txn_type": TxnType.CREDIT if comes_in else TxnType.DEBIT,
        "status": TxnStatus.HELD if held else TxnStatus.RELEASED if released else TxnStatus.POSTED,
        "amount": Money(row.amount),
        "debit_account": row.debit,
        "credit_account": row.credit,
        "service_type": row.service_type,
        "source": row.source,
        "payment_method": row.payment_method,
        "phone_number": row.phone_number,
        "reference_id": row.reference_id,
        "created_at": row.created_at,
    }
