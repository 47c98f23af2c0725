"""Builders for tests of the wallet: funded customers, movements, adjustments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.wallet import history_service as history
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code, Transfer, Wallet
from gencharge.wallet.schemas import TransactionOut, TransactionQuery
from tests.make.factories import make_user
from tests.make.money import balance

ADJUSTMENTS = "/v1/wallet/admin/adjustments"
NOTE = {"note": "Checked against the statement"}


async def make_funded_user(stores: Stores, rupees: int, **overrides: Any) -> UUID:
    """A registered customer with this much in the wallet. `overrides`: as of `make_user`."""

    async def unit(db: AsyncSession) -> UUID:
        user = await make_user(db, **overrides)
        if rupees:
            await wallet.credit(
                db,
                user.user_id,
                Money.rupees(rupees),
                source_account=Account.OPENING,
                code=Code.OPENING,
                key="opening",
            )
        return user.user_id

    return await stores.database.run(unit)


async def credit(stores: Stores, user_id: UUID, paise: int, key: str, **overrides: Any) -> Answered[Money]:
    """Money from the cashback account."""
    values: dict[str, Any] = {"source_account": Account.CASHBACK, "code": Code.CASHBACK} | overrides
    return await stores.database.run(lambda db: wallet.credit(db, user_id, Money(paise), key=key, **values))


async def debit(stores: Stores, user_id: UUID, paise: int, key: str, **overrides: Any) -> Answered[Money]:
    """Money to an operator."""
    values: dict[str, Any] = {"target_account": "operator:jio", "code": Code.RECHARGE} | overrides
    return await stores.database.run(lambda db: wallet.debit(db, user_id, Money(paise), key=key, **values))


async def hold(stores: Stores, user_id: UUID, paise: int, key: str) -> Answered[Money]:
    """Money set aside."""
    return await debit(stores, user_id, paise, key, target_account=Account.HELD, code=Code.HOLD)


async def wallet_of(stores: Stores, user_id: UUID) -> tuple[int, int]:
    """(posted, held) of the wallet row, in paise."""
    async with stores.database.transaction() as db:
        row = await db.get_one(Wallet, user_id)
        return row.posted, row.held


async def transfer_of(stores: Stores, user_id: UUID, key: str) -> Transfer:
    """The one transfer under a key."""
    async with stores.database.transaction() as db:
        query = text("SELECT id FROM transfers WHERE user_id = :user AND key = :key")
        transfer_id = (await db.execute(query, {"user": user_id, "key": key})).scalar_one()
        return await db.get_one(Transfer, (user_id, transfer_id))


async def execute(database: Database, statement: str, **values: object) -> None:
    """Run one SQL statement in a transaction."""
    async with database.transaction() as db:
        await db.execute(text(statement), values)


@dataclass(frozen=True)
class AdjustmentCase:
    """A customer with Rs 1,000, an admin who requests adjustments and two who may decide."""

    stores: Stores
    client: httpx.AsyncClient
    settings: Settings
    customer: UUID
    requester: dict[str, str]
    approver: dict[str, str]
    other_approver: dict[str, str]

    async def request(self, **overrides: Any) -> httpx.Response:
        """The answer to a request for an adjustment. `overrides`: of the body, or `key`, or `headers`."""
        body = {
            "user_id": str(self.customer),
            "direction": "credit",
            "amount": 100,
            "reason": "goodwill",
            "note": "Waited for three days",
        }
        key = overrides.pop("key", str(uuid4()))
        headers = overrides.pop("headers", self.requester) | {"Idempotency-Key": key}
        return await self.client.post(ADJUSTMENTS, json=body | overrides, headers=headers)

    async def requested(self, **overrides: Any) -> str:
        """The path of a new adjustment."""
        answer = await self.request(**overrides)
        assert answer.status_code == 201, answer.text
        return f"{ADJUSTMENTS}/{self.customer}/{answer.json()['adjustment_id']}"

    async def decide(
        self, path: str, action: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """The answer to `approve`, `reject` or `cancel`."""
        return await self.client.post(f"{path}/{action}", json=body or NOTE, headers=headers or self.approver)

    async def rupees(self) -> str:
        """What the customer can spend."""
        return str(await balance(self.stores, self.customer))

    async def topics(self) -> list[str]:
        """What was announced about the customer's adjustments, in order."""
        async with self.stores.database.transaction() as db:
            query = text("SELECT topic FROM events WHERE user_id = :user AND topic LIKE 'Adj%' ORDER BY id")
            return list(await db.scalars(query, {"user": self.customer}))


async def history_of(
    stores: Stores, user_id: UUID, *, limit: int = 100, **query: Any
) -> list[TransactionOut]:
    """The customer's history as far as the filters go, oldest first, `limit` rows a page."""
    rows: list[TransactionOut] = []
    cursor: str | None = None
    while True:
        values = query | {"limit": limit, "sort": "created_at", "cursor": cursor}
        page_query = TransactionQuery.model_validate(values)
        page = await stores.database.run(
            lambda db, page_query=page_query: history.list_transactions(db, user_id, page_query)  # type: ignore[misc]
        )
        rows += page.items
        cursor = page.next_cursor
        if cursor is None:
            return rows
