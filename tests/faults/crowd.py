"""Ten thousand recharges while one in twenty meets each kind of fault, and what is left of it once the faults are over."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from gencharge.core.postgres.database import Database
from gencharge.core.rooms import snapshots
from gencharge.core.values.ids import new_id
from gencharge.sessions.tokens import Keyring, Principal
from sandbox.scripts import CHANNEL_OPERATIONS, GATEWAY_OPERATIONS, KINDS, Family
from tests.faults.customers import admit
from tests.faults.http import Answer, post
from tests.faults.site import Site

OPERATORS = ("AIRTEL", "JIO", "VI")
CHANNELS_EACH = 10
CUSTOMERS = 600
OPENING_PAISE = 10**8
CLIENTS = 64
SHARE = 0.05
# Kinds that have no end by themselves, and those of statements, which are not about recharges.
_LEFT_OUT = {"pending"}
_SECONDS = {"slow": 3.0, "late_success": 3.0, "late_failure": 3.0, "drip": 0.05}


@dataclass(slots=True)
class Customer:
    """Somebody with money and a number of their own."""

    user_id: UUID
    phone_number: str
    operator: str


@dataclass(slots=True)
class Purchase:
    """One recharge, asked for until it is answered."""

    customer: Customer
    method: str
    key: str = field(default_factory=lambda: f"crowd-{uuid4()}")
    answer: Answer | None = None
    paid: bool = False


class Crowd:
    """The customers, and the outside parties that fail them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.customers: list[Customer] = []
        self._plans: dict[str, UUID] = {}
        self._keys = Keyring(site.settings)
        self._sandbox = httpx.AsyncClient(base_url=site.sandbox_url, timeout=10, trust_env=False)

    async def close(self) -> None:
        await self._sandbox.aclose()

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self._sandbox.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.site.settings.postgres_url) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    async def open(self) -> None:
        """Three operators over ten channels each, and the customers."""
        with psycopg.connect(self.site.settings.postgres_url) as connection:
            connection.execute(
                "UPDATE operators SET channel = 'api' WHERE code = ANY(%s)", (list(OPERATORS),)
            )
            connection.execute("UPDATE operator_channels SET is_active = false")
            for operator in OPERATORS:
                self._plans[operator] = plan_id = new_id()
                connection.execute(
                    """
                    INSERT INTO plans (plan_id, operator, circles, plan_type, category, name, price_paise,
                                       validity_count, validity_unit, is_addon, group_id, status)
                    SELECT %s, %s, '{}', 'prepaid', 'data_addon', 'Crowd ' || %s, 9900, 1, 'day', true, group_id,
                           'active' FROM plan_groups LIMIT 1
                    """,
                    (plan_id, operator, operator),
                )
                for number in range(CHANNELS_EACH):
                    code = f"crowd-{operator.lower()}-{number}"
                    connection.execute(
                        "INSERT INTO operator_channels (code, operator, name, url, commission_bp)"
                        " VALUES (%s, %s, %s, %s, 300)",
                        (code, operator, code, f"{self.site.sandbox_url}/operators/{code}"),
                    )
            for number in range(CUSTOMERS):
                self.customers.append(_admit(connection, number))
        database = Database(self.site.settings, name="crowd")
        await database.run(lambda db: snapshots.bump(db, "channels"))
        await database.close()

    async def break_everything(self) -> int:
        """Each kind of fault, at each operation that takes it, for one in twenty; how many kinds that are."""
        laid = 0
        steps = [("*", name, CHANNEL_OPERATIONS[name]) for name in ("submit", "status", "callback")] + [
            ("gateway", name, GATEWAY_OPERATIONS[name]) for name in ("order", "payment", "fetch", "webhook")
        ]
        for target, operation, families in steps:
            for name, kind in KINDS.items():
                if kind.family not in families or kind.family is Family.ROWS or name in _LEFT_OUT:
                    continue
                body = {"target": target, "operation": operation, "script": name, "share": SHARE}
                if name in _SECONDS:
                    body["seconds"] = _SECONDS[name]
                answer = await self._sandbox.put("/sandbox/scripts", json=body)
                laid += answer.status_code == 200  # not every kind of a family fits
        return laid

    async def mend_everything(self) -> None:
        """The faults are over: no scripts, and an hour passes."""
        await self.control("DELETE", "/sandbox/scripts")
        await self.control("PUT", "/sandbox/clock", {"advance_seconds": 3600})

    def purchases(self, count: int, *, upi_share: float) -> list[Purchase]:
        dice = random.Random(7)
        return [
            Purchase(dice.choice(self.customers), "upi" if dice.random() < upi_share else "wallet")
            for _ in range(count)
        ]

    async def buy(self, purchases: Sequence[Purchase], *, tries: int) -> None:
        """Let the clients buy side by side; each repeats a request at most so often."""
        queue = list(reversed(purchases))

        async def client() -> None:
            while queue:
                await self._buy(queue.pop(), tries)

        await asyncio.gather(*(client() for _ in range(CLIENTS)))

    async def _buy(self, purchase: Purchase, tries: int) -> None:
        customer = purchase.customer
        body = {
            "phone_number": customer.phone_number,
            "plan_id": str(self._plans[customer.operator]),
            "payment_method": purchase.method,
            "automatic_offer": False,
            "source": "web",
        }
        for turn in range(tries):
            token = self._keys.sign(Principal(customer.user_id, "user", new_id()))
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": purchase.key}
            answer = await post(self.site.port, "/v1/recharge/subscribe", headers, body)
            if answer is not None and answer.status_code == 201:
                purchase.answer = answer
                break
            await asyncio.sleep(0.2 * turn)
        if purchase.answer is not None and purchase.method == "upi":
            order = purchase.answer.json()["payment"]["order_id"]
            answer = await self._sandbox.post(f"/sandbox/orders/{order}/pay", json={"method": "upi"})
            purchase.paid = answer.status_code == 200

    async def wait_until_ended(self, seconds: float) -> int:
        """Wait while recharges end; how many are left when nothing has ended for a while, or the time is over."""
        end, last, since = time.monotonic() + seconds, -1, time.monotonic()
        while time.monotonic() < end:
            left = self.under_way()
            if left == 0:
                return 0
            if left != last:
                last, since = left, time.monotonic()
            elif time.monotonic() - since > 45:
                return left
            await asyncio.sleep(0.5)
        return self.under_way()

    def under_way(self) -> int:
        """Recharges without an end."""
        return int(
            self.rows(
                "SELECT count(*) FROM recharges WHERE status IN ('processing', 'unknown', 'payment_pending')"
            )[0][0]
        )


def _admit(connection: psycopg.Connection[Any], number: int) -> Customer:
    customer = Customer(new_id(), f"+9198{number:08d}", OPERATORS[number % len(OPERATORS)])
    admit(connection, customer.user_id, customer.phone_number, customer.operator, OPENING_PAISE)
    return customer
