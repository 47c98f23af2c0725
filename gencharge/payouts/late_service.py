"""Money that comes into the wallet of a closed account: what its owner paid at the gateway before, and the bank confirmed after; a recharge
that failed later; a refund by the staff. Nobody can spend it there, so it is paid out as the rest of the balance was.
"""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import new_id
from gencharge.payouts import crud, service
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code

BATCH: Final = 100
_FIRST: Final = UUID(int=0)


async def pay_out(database: Database) -> int:
    """Begin a payout for each closed account that has a balance; how many. Each is a transaction of its own."""
    begun, after = 0, _FIRST
    while True:
        users = await database.run(partial(crud.list_closed_with_balance, after=after, limit=BATCH))
        for user_id in users:
            begun += await database.run(partial(_begin, user_id=user_id))
        if len(users) < BATCH:
            return begun
        after = users[-1]


async def _begin(db: AsyncSession, user_id: UUID) -> bool:
    """Take out what can be spent. False if there is nothing by now."""
    taken = await wallet.take_back(
        db,
        user_id,
        await wallet.available(db, user_id),
        target_account=Account.PAYOUT,
        code=Code.PAYOUT,
        key=f"payout:{new_id()}",
    )
    if not taken:
        return False
    await service.begin(db, user_id)
    return True
