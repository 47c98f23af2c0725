"""The stores of a run: servers of its own in a temporary folder, two databases, many customers."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from bench import load
from gencharge import wiring
from gencharge.core.postgres import migrations
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.operators import service as operators
from gencharge.plans import service as plans
from gencharge.run.embedded import EmbeddedServers
from gencharge.sessions.tokens import Keyring, Principal

USERS: Final = 2_000
PRODUCT: Final = "gencharge_bench_dev"
BASELINE: Final = "gencharge_bench_baseline_dev"
# Enough that no run empties a wallet.
OPENING_PAISE: Final = 10**9
# A token is good for five minutes; a round must end before.
_TOKENS_GOOD_SECONDS: Final = 240


@dataclass(frozen=True, slots=True)
class Customer:
    """A user with a wallet, and the number that they recharge: no two recharge the same."""

    user_id: UUID
    phone_number: str


class World:
    """Stores, databases and customers of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.customers = [Customer(new_id(), f"+9198{number:08d}") for number in range(USERS)]
        self._tokens: dict[int, tuple[float | None, list[str]]] = {}
        self.settings = {name: self._settings_of(name) for name in (PRODUCT, BASELINE)}

    def environment(self, database: str) -> dict[str, str]:
        """The whole environment of a server process on this database: what is not set has its default."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": embedded_postgres_url(self.folder, database),
            "MONGO_URL": embedded_mongo_url(self.folder),
            "MONGO_DATABASE": database,
            "REDIS_URL": embedded_redis_url(self.folder),
            "ACCESS_TOKEN_EXPIRE_MINUTES": "5",
            "LOG_FORMAT": "json",
            # A customer buys more in a minute here than others do in a year: the rules count, and hold nobody back.
            **{
                f"VELOCITY_{rule}": "1000000"
                for rule in (
                    "RECHARGES_PER_TEN_MINUTES",
                    "RECHARGES_PER_DAY",
                    "RECHARGE_RUPEES_PER_DAY",
                    "NUMBERS_PER_DAY",
                    "RECHARGES_OF_NUMBER_PER_DAY",
                    "PAYERS_OF_NUMBER_PER_DAY",
                )
            },
        }

    def _settings_of(self, database: str) -> Settings:
        values = {name.lower(): value for name, value in self.environment(database).items()}
        return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]

    def prepare(self) -> None:
        """Create, migrate and fill both databases."""
        asyncio.run(self._create_databases())
        for settings in self.settings.values():
            migrations.upgrade(settings)
            asyncio.run(self.fill(settings))

    async def _create_databases(self) -> None:
        connection = await asyncpg.connect(embedded_postgres_url(self.folder, "postgres"))
        for name in self.settings:
            await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()

    async def fill(self, settings: Settings) -> None:
        """Write the customers, with money and numbers, and what they may buy into a database that has the tables."""
        database = Database(settings, name="gencharge-bench")
        await database.run(operators.seed)
        await database.run(plans.seed)
        await database.close()
        connection = await asyncpg.connect(settings.postgres_url)
        for table, rows in self._rows().items():
            columns = list(rows[0])
            records = [tuple(row.values()) for row in rows]
            await connection.copy_records_to_table(table, records=records, columns=columns)
        for statement in _OFFER:
            await connection.execute(statement)
        await connection.execute(f"VACUUM ANALYZE {', '.join(self._rows())}")
        await connection.close()

    def _rows(self) -> dict[str, list[dict[str, object]]]:
        now = datetime.now(UTC)
        rows: dict[str, list[dict[str, object]]] = {
            "users": [],
            "wallets": [],
            "transfers": [],
            "connections": [],
        }
        for number, customer in enumerate(self.customers):
            user_id, phone_number = customer.user_id, customer.phone_number
            rows["users"].append(
                {"user_id": user_id, "phone_number": phone_number, "referral_code": f"BENCH{number:05d}"}
            )
            rows["wallets"].append({"user_id": user_id, "posted": OPENING_PAISE})
            rows["transfers"].append(
                {
                    "user_id": user_id,
                    "id": new_id(),
                    "debit": "opening",
                    "credit": "user:main",
                    "amount": OPENING_PAISE,
                    "code": 1,
                    "key": "opening",
                    "created_at": now,
                }
            )
            rows["connections"].append(
                {
                    "phone_number": phone_number,
                    "user_id": SYSTEM_USER_ID,
                    "operator": "AIRTEL",
                    "circle": "MH",
                    "service_type": "prepaid",
                }
            )
        return rows

    def tokens(self, *, of_each: int = 1) -> list[str]:
        """Access tokens, `of_each` for every customer. They are renewed before they run out, which a usual run is
        too short for: so the servers know them, but for those of a row that takes care to have too many.
        """
        signed_at, tokens = self._tokens.get(of_each, (None, []))
        # The monotonic clock may start at the machine's boot, so no instant stands for "never".
        if signed_at is None or time.monotonic() - signed_at > _TOKENS_GOOD_SECONDS:
            keys = Keyring(self.settings[PRODUCT])
            people = [customer.user_id for _ in range(of_each) for customer in self.customers]
            tokens = [keys.sign(Principal(user_id, "user", new_id())) for user_id in people]
            self._tokens[of_each] = time.monotonic(), tokens
        return tokens

    def addon(self, url: str = "") -> UUID:
        """The plan that everybody buys: an add-on for a day, which starts at once alongside any other plan. `url`: of another database."""
        return asyncio.run(self._query(PRODUCT, _ADDON, url))

    def empty_outbox(self, database: str) -> None:
        """Drop the events of earlier rounds, so that each round begins with the same tables."""
        asyncio.run(self._query(database, "TRUNCATE events, deliveries"))

    def count_recharges(self, database: str) -> int:
        """How many recharges there are."""
        return int(str(asyncio.run(self._query(database, "SELECT count(*) FROM recharges"))))

    def count_events(self, database: str) -> int:
        """How many events wait to be handed out."""
        return int(str(asyncio.run(self._query(database, "SELECT count(*) FROM events"))))

    async def _query(self, database: str, statement: str, url: str = "") -> Any:
        connection = await asyncpg.connect(url or self.settings[database].postgres_url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    def check(self, database: str) -> checks.Report:
        """What `gencharge ledger verify` would say."""
        return asyncio.run(self._check(database))

    async def _check(self, name: str) -> checks.Report:
        database = Database(self.settings[name], name="gencharge-bench")
        try:
            return await checks.run(database, wiring.CHECKS)
        finally:
            await database.close()

    def subscriptions(self, path: str, plan_id: UUID, offer_code: str | None = None) -> list[bytes]:
        """A recharge of each customer's own number; with a code, of the offer that it names."""
        chosen = f',"offer_code":"{offer_code}"' if offer_code is not None else ""
        requests = []
        for customer, token in zip(self.customers, self.tokens(), strict=True):
            body = (
                f'{{"phone_number":"{customer.phone_number}","plan_id":"{plan_id}",'
                '"payment_method":"wallet","confirm_duplicate":true'
                f"{chosen}}}"
            )
            requests.append(load.post(path, token, body.encode(), X_User=str(customer.user_id)))
        return requests


# Offers for customers who name their codes: a rupee off, within limits that no run reaches, and a rupee back.
DISCOUNT: Final = "BENCHOFF"
CASHBACK: Final = "BENCHBACK"
_OFFER: Final = (
    "INSERT INTO offer_types (offer_type_id, name) VALUES ('00000000-0000-4000-8000-0000000000be', 'Benchmark')",
    f"""
    INSERT INTO offers (offer_id, offer_type_id, name, code, status, discount_paise, cashback_paise, total_uses, uses_per_user)
    VALUES (gen_random_uuid(), '00000000-0000-4000-8000-0000000000be', 'Discount', '{DISCOUNT}', 'active', 100, NULL,
            1000000000, 10000),
           (gen_random_uuid(), '00000000-0000-4000-8000-0000000000be', 'Cashback', '{CASHBACK}', 'active', NULL, 100,
            NULL, NULL)
    """,
    """
    INSERT INTO offer_versions (offer_id, version, snapshot) SELECT offer_id, 1, '{}' FROM offers
    WHERE offer_type_id = '00000000-0000-4000-8000-0000000000be'
    """,
)
_ADDON = """
    SELECT plan_id FROM plans
    WHERE operator = 'AIRTEL' AND category = 'data_addon' AND validity_unit = 'day' AND status = 'active' ORDER BY price_paise LIMIT 1
"""


@contextmanager
def world() -> Iterator[World]:
    """A prepared world; its servers stop and its folder goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-bench-"))
    try:
        with EmbeddedServers(folder):
            prepared = World(folder)
            prepared.prepare()
            yield prepared
    finally:
        shutil.rmtree(folder, ignore_errors=True)
