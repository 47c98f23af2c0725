"""A customer's wallet when their account is shown, exported or closed. The ledger is never erased: it is the books, and
after erasure its rows carry an id that identifies nobody (docs/decisions/0008-erasure.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.rooms.personal_data import PersonalData, all_of
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.operators import service as operators
from gencharge.users.errors import WalletHasHolds, WalletNotEmpty
from gencharge.wallet import crud, service
from gencharge.wallet import history_service as history
from gencharge.wallet.models import Account, Code
from gencharge.wallet.schemas import TransactionOut, TransactionQuery

_PAGE: Final = 100


async def _overview(db: AsyncSession, user_id: UUID) -> Mapping[str, Money] | None:
    """What the wallet holds now; None if there is none."""
    wallet = await crud.get_wallet(db, user_id=user_id)
    if wallet is None:
        return None
    return {"balance": Money(wallet.posted - wallet.held), "held": Money(wallet.held)}


async def _export(stores: Stores, user_id: UUID) -> Mapping[str, object]:
    """What the wallet holds now, and every transaction, oldest first."""

    async def page(cursor: str | None) -> tuple[Sequence[TransactionOut], str | None]:
        query = TransactionQuery(limit=_PAGE, cursor=cursor, sort="created_at")
        transactions = await stores.database.run(
            lambda db: history.list_transactions(db, user_id, query, names)
        )
        return transactions.items, transactions.next_cursor

    names = (await stores.database.run(operators.load_operators)).names
    now = await stores.database.run(lambda db: _overview(db, user_id))
    return {"now": now, "transactions": await all_of(page)}


async def _close(db: AsyncSession, user_id: UUID, payout: bool) -> None:
    """Leave nothing in the wallet. Raises WalletHasHolds, WalletNotEmpty (409; both state the amounts)."""
    wallet = await crud.lock_wallet(db, user_id=user_id)
    if wallet is None:
        return
    held, balance = Money(wallet.held), Money(wallet.posted - wallet.held)
    if held:
        raise WalletHasHolds(balance=balance, held=held)
    if not balance:
        return
    if not payout:
        raise WalletNotEmpty(
            worded(
                "There is still Rs {balance} in the wallet. Spend it, or have it paid out with `payout=true`.",
                balance=balance,
            ),
            balance=balance,
            held=held,
        )
    await service.debit(
        db, user_id, balance, target_account=Account.PAYOUT, code=Code.PAYOUT, key=f"payout:{new_id()}"
    )


PART: Final = PersonalData(name="wallet", overview=_overview, export=_export, close=_close)
