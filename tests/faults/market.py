"""What the fault matrix buys and from whom.

Each row has a plan of its own price and two channels that take no other price: a channel that fails in one row and is
left alone for it (the circuit breaker) is nothing to the others. Each cell has a customer of its own.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from gencharge.core.postgres.database import Database
from gencharge.core.rooms import snapshots
from gencharge.core.values.ids import new_id
from gencharge.operators import service as operators
from gencharge.sessions.tokens import Keyring, Principal
from tests.faults.customers import admit
from tests.faults.http import Answer
from tests.faults.rows import Row
from tests.faults.site import Site

OPERATOR = "AIRTEL"
OPENING_PAISE = 1_000_00
# No other row's amount ends like this, and no script is chosen by it.
WALLET_PART_PAISE = 40_50


@dataclass(slots=True)
class Cell:
    """One customer who buys one plan while one thing fails and another one dies."""

    row: Row
    column: str
    user_id: UUID
    phone_number: str
    plan_id: UUID
    price: int
    channels: tuple[str, str]
    admin_id: UUID
    key: str = field(default_factory=lambda: str(uuid4()))
    answers: list[Answer] = field(default_factory=list)
    outcome: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def gateway_paise(self) -> int:
        """What the gateway is to pay."""
        return self.price - WALLET_PART_PAISE if self.row.journey == "beside" else self.price

    @property
    def path(self) -> str:
        """Where the customer's wish goes."""
        return "/v1/wallet/topups" if self.row.journey in {"topup", "source"} else "/v1/recharge/subscribe"

    @property
    def body(self) -> dict[str, Any]:
        """The customer's wish."""
        method = "wallet" if self.row.journey == "wallet" else "upi"
        if self.path.endswith("topups"):
            return {"amount": self.price / 100, "payment_method": method}
        body = {
            "phone_number": self.phone_number,
            "plan_id": str(self.plan_id),
            "payment_method": method,
            # The amounts of a row are its own: an offer would change them.
            "automatic_offer": False,
            "source": "web",
        }
        return body | ({"wallet_amount": WALLET_PART_PAISE / 100} if self.row.journey == "beside" else {})


class Market:
    """The site's shop and the outside parties, as the matrix uses them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._shelf: dict[Row, tuple[UUID, int, tuple[str, str]]] = {}
        self._client = httpx.Client(base_url=site.sandbox_url, timeout=10, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.site.settings.postgres_url) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def outside_rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the sandbox has written down, read from its file: it may be dead."""
        file = self.site.folder / "sandbox" / "sandbox.sqlite3"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as connection:
            return connection.execute(query, values).fetchall()

    async def open(self, rows: Iterable[Row]) -> None:
        """Plans and channels for rows that are new. The operator is reached over its API from now on."""
        with psycopg.connect(self.site.settings.postgres_url) as connection:
            connection.execute("UPDATE operators SET channel = 'api' WHERE code = %s", (OPERATOR,))
            connection.execute(
                "UPDATE operator_channels SET is_active = false WHERE operator = %s AND code NOT LIKE 'row-%%'",
                (OPERATOR,),
            )
            for row in rows:
                if row not in self._shelf:
                    self._shelf[row] = self._stock(connection, len(self._shelf) + 1)
        database = Database(self.site.settings, name="market")
        await database.run(lambda db: snapshots.bump(db, "channels"))
        await database.close()
        for row, (_, _, channels) in self._shelf.items():
            if row.answers_later:
                for channel in channels:
                    self.control(
                        "PUT",
                        f"/sandbox/operators/{channel}",
                        {"answers": "accepted", "settle_seconds": 0.3},
                    )

    def _stock(self, connection: psycopg.Connection[Any], number: int) -> tuple[UUID, int, tuple[str, str]]:
        plan_id, price = new_id(), (100 + number) * 100
        connection.execute(
            """
            INSERT INTO plans (plan_id, operator, circles, plan_type, category, name, price_paise, validity_count,
                               validity_unit, is_addon, group_id, status)
            SELECT %s, operator, '{}', 'prepaid', category, %s, %s, 1, 'day', true, group_id, 'active' FROM plans
            WHERE operator = %s AND plan_type = 'prepaid' AND category = 'data_addon' LIMIT 1
            """,
            (plan_id, f"Row {number}", price, OPERATOR),
        )
        channels = (f"row-{number}-a", f"row-{number}-b")
        for place, code in enumerate(channels):
            connection.execute(
                """
                INSERT INTO operator_channels (code, operator, name, url, priority, min_amount, max_amount,
                                               commission_bp, is_active)
                VALUES (%s, %s, %s, %s, %s, %s, %s, 300, true)
                """,
                (code, OPERATOR, code, f"{self.site.sandbox_url}/operators/{code}", place, price, price),
            )
        return plan_id, price, channels

    def admit(self, rows: Sequence[Row], column: str) -> list[Cell]:
        """A customer with Rs 1,000 in the wallet for each row, and the row's scripts laid for their number."""
        ((admin_id,),) = self.rows("SELECT admin_id FROM admins LIMIT 1")
        cells = [Cell(row, column, new_id(), _number(), *self._shelf[row], admin_id) for row in rows]
        with psycopg.connect(self.site.settings.postgres_url) as connection:
            for cell in cells:
                admit(connection, cell.user_id, cell.phone_number, OPERATOR, OPENING_PAISE)
        for cell in cells:
            for laid in cell.row.scripts:
                target = {"first": cell.channels[0], "second": cell.channels[1]}.get(laid.side, laid.side)
                match: dict[str, Any] = {"phone_number": cell.phone_number.removeprefix("+91")}
                if laid.side == "gateway":
                    match = {"amount": cell.gateway_paise}
                body = {"target": target, "operation": laid.operation, "script": laid.script, "match": match}
                self.control("PUT", "/sandbox/scripts", body | {"times": 1} | laid.more)
        return cells

    def headers(self, cell: Cell) -> dict[str, str]:
        """Authorization of the cell's customer."""
        return self._signed(Principal(cell.user_id, "user", new_id()))

    def staff_headers(self, cell: Cell) -> dict[str, str]:
        """Authorization of an admin who has just given a second factor."""
        now = int(time.time())
        return self._signed(Principal(cell.admin_id, "admin", new_id(), "SuperAdmin", second_factor_at=now))

    def _signed(self, principal: Principal) -> dict[str, str]:
        return {"Authorization": f"Bearer {Keyring(self.site.settings).sign(principal)}"}


def _number() -> str:
    while True:
        number = f"+917{uuid4().int % 10**9:09d}"
        if operators.hint(number) in {None, OPERATOR}:
            return number
