"""Every list of the staff, on the scale data: it answers, and a page of fifty asks the database no more than one of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

import scale
from bench.discovery import StaffList, staff_lists
from gencharge import wiring
from gencharge.api.main import create_app
from gencharge.backups import logs_crud
from gencharge.core.events.relay import Relay
from gencharge.core.http.paging import Paging
from gencharge.core.postgres.database import Db
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.sessions import service as sessions
from gencharge.sessions.guards import Action, Principal, Requires, Resource
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from scale import progress
from tests import one_document
from tests.conftest import database_of, test_settings
from tests.counting import Counted, counting, listening
from tests.make.announcements import draft as announcement
from tests.make.content import draft, picture
from tests.make.factories import headers_for, know_roles, make_admin, new_client
from tests.make.messages import park
from tests.make.offers import make, make_type

# A page of fewer rows would hide a query for each of them.
ENOUGH = 10
# Whole databases of the server, asked for by one statement outside of the requests' pool: nothing here would count it.
_OF_THE_SERVER = frozenset({"/v1/backups/databases"})
LISTS = [one for one in staff_lists(one_document.plain_app()) if one.path not in _OF_THE_SERVER]
PLANTED = "/v1/planted"
every_list = pytest.mark.parametrize("one", LISTS, ids=[one.path for one in LISTS])
_VERSION = text("""
    INSERT INTO plan_versions (plan_id, version, snapshot)
    SELECT plan_id, :version, snapshot FROM plan_versions WHERE plan_id = :plan_id AND version = 1
""")
# Ten each of what the sample catalogue, the gateway's statements and the integrators would bring.
_ROWS = (
    """
    INSERT INTO operators (code, name, display_name)
    SELECT 'OP' || number, 'Operator ' || number, 'Op ' || number FROM generate_series(1, 10) AS number
    """,
    """
    INSERT INTO plan_groups (group_id, name)
    SELECT gen_random_uuid(), 'Group ' || number FROM generate_series(1, 10) AS number
    """,
    # How many the scale data have goes by the time of day.
    """
    INSERT INTO adjustments (user_id, adjustment_id, direction, amount, reason, note, requested_by, requested_at, expires_at, status)
    SELECT user_id, gen_random_uuid(), 'credit', 1, 'other', 'n', gen_random_uuid(), now(), now() + interval '1 day', 'pending'
    FROM users LIMIT 10
    """,
    """
    INSERT INTO reconciliation_runs (run_id, counterparty, day, status, source, requested_by, finished_at)
    SELECT gen_random_uuid(), 'gateway:razorpay', current_date - number, 'differences', 'api', gen_random_uuid(), now()
    FROM generate_series(1, 10) AS number
    """,
    """
    INSERT INTO reconciliation_differences (run_id, difference_id, counterparty, day, kind, reference,
                                            theirs_paise, proposed_resolution)
    SELECT run_id, gen_random_uuid(), counterparty, day, 'missing_at_ours', 'pay_' || number, 100, 'write_off'
    FROM (SELECT * FROM reconciliation_runs ORDER BY run_id LIMIT 1) AS runs, generate_series(1, 10) AS number
    """,
    """
    INSERT INTO webhook_endpoints (endpoint_id, url, events, secret)
    SELECT gen_random_uuid(), 'https://integrator.example/hook', '{}', '' FROM generate_series(1, 10)
    """,
    """
    INSERT INTO webhook_deliveries (endpoint_id, delivery_id, event_id, type, body, status, expires_at,
                                    created_at, completed_at)
    SELECT endpoint_id, gen_random_uuid(), gen_random_uuid(), 'recharge.delivered', '{}', 'delivered',
           now(), now(), now()
    FROM webhook_endpoints
    """,
    """
    INSERT INTO held_back (user_id, held_back_id, rule, kind, subject, window_from, amount, address, bound, attempts, first_at,
                           last_at)
    SELECT user_id, gen_random_uuid(), 'topups_in_an_hour', 'topup', '', now(), 100, '', 1, 1, now(), now()
    FROM users LIMIT 10
    """,
    """
    INSERT INTO campaigns (campaign_id, name, offer_id, target, control_percent, starts_at, ends_at, state, created_by, created_at)
    SELECT gen_random_uuid(), 'Bring them back', offer_id, '{}', 10, now(), now() + interval '1 day', 'scheduled',
           gen_random_uuid(), now()
    FROM (SELECT offer_id FROM offers LIMIT 1) AS offer, generate_series(1, 10)
    """,
    """
    INSERT INTO referral_rewards (user_id, reward_id, friend_id, referrer_id, side, amount, state, created_at)
    SELECT user_id, gen_random_uuid(), gen_random_uuid(), user_id, 'referrer', 5000, 'pending', now() FROM users LIMIT 10
    """,
    """
    INSERT INTO autopays (user_id, autopay_id, phone_number, plan_id, plan_name, operator, tag, status, payment_method, source, price,
                          max_amount, first_due, next_due, wake_at, created_at)
    SELECT user_id, gen_random_uuid(), phone_number, gen_random_uuid(), 'Jio 299', 'JIO', 'onetime', 'active', 'wallet', 'app', 29900,
           29900, now(), now(), now(), now()
    FROM users LIMIT 10
    """,
    """
    INSERT INTO auto_topups (user_id, threshold, amount, monthly_max, mandate_id, source, status, wake_at, created_at)
    SELECT user_id, 10000, 50000, 100000, gen_random_uuid(), 'app', 'active', now() + interval '1 day', now() FROM users LIMIT 10
    """,
    """
    INSERT INTO auto_topup_charges (user_id, charge_id, cycle, amount, outcome, attempted_at)
    SELECT user_id, gen_random_uuid(), number, 50000, 'skipped', now()
    FROM (SELECT user_id FROM transfers GROUP BY user_id ORDER BY count(*) DESC LIMIT 1) AS payer, generate_series(1, 10) AS number
    """,
    """
    INSERT INTO mandates (user_id, mandate_id, payment_id, order_id, gateway, method, status, max_amount, expires_at, customer,
                          created_at)
    SELECT user_id, gen_random_uuid(), gen_random_uuid(), 'order_1', 'razorpay', 'upi', 'pending', 50000, now(), '', now()
    FROM (SELECT user_id FROM transfers GROUP BY user_id ORDER BY count(*) DESC LIMIT 1) AS payer, generate_series(1, 10)
    """,
    """
    INSERT INTO payouts (user_id, payout_id, amount, status, reason, created_at)
    SELECT user_id, gen_random_uuid(), 70000, 'needs_payee', 'no_payee', now() FROM users LIMIT 10
    """,
    """
    INSERT INTO velocity_allowances (allowance_id, subject, factor, reason, allowed_by, allowed_at, ends_at)
    SELECT gen_random_uuid(), 'user:' || user_id, 2, 'a shop', user_id, now(), now() + interval '1 day'
    FROM users LIMIT 10
    """,
    """
    INSERT INTO bills (user_id, bill_id, phone_number, operator, bill_reference, customer_name, amount, minimum, part_payment, due_on,
                       status, fetched_at, expires_at)
    SELECT user_id, gen_random_uuid(), phone_number, 'JIO', 'B1', 'A***', 49900, 49900, 'exact', current_date, 'due', now(), now()
    FROM users LIMIT 10
    """,
    """
    INSERT INTO users (user_id, phone_number, referral_code, status, status_since)
    SELECT gen_random_uuid(), '+9198765432' || (number + 10), 'CLOSED' || number, 'archived', now() FROM generate_series(1, 10) AS number
    """,
    """
    INSERT INTO kyc_requests (user_id, kyc_request_id, tier, document)
    SELECT user_id, gen_random_uuid(), 'full', 'pan' FROM users LIMIT 10
    """,
    """
    INSERT INTO complaints (user_id, complaint_id, recharge_id, operator, reason, due_at)
    SELECT user_id, gen_random_uuid(), id, operator, 'not_delivered', now() FROM recharges LIMIT 10
    """,
)

_USES = (
    """
    INSERT INTO offer_codes (code, offer_id, batch_id)
    SELECT 'TENCODES' || (10 + number), CAST(:offer_id AS uuid), gen_random_uuid() FROM generate_series(1, 10) AS number
    """,
    """
    INSERT INTO offer_uses (user_id, recharge_id, offer_id, version, slot, discount, cashback, cost)
    SELECT user_id, gen_random_uuid(), CAST(:offer_id AS uuid), 1, 0, 100, 0, 100 FROM users LIMIT 10
    """,
)
# Work on backups that failed.
_BACKUP_RUNS = """
    INSERT INTO backup_runs (run_id, kind, backup_id, options, status, failure, created_at, ended_at)
    SELECT gen_random_uuid(), 'create', '20261122t0000' || (10 + number) || 'z-0a1b2c3d', '{}', 'failed', 'storage_full', now(), now()
    FROM generate_series(1, 10) AS number
"""
# An admin has three at work at most, so the others are made of the first.
_REPORT_FILES = """
    INSERT INTO report_files (file_id, requested_by, report, file_format, query, status, created_at, expires_at)
    SELECT gen_random_uuid(), requested_by, report, file_format, query, 'cancelled', created_at, expires_at
    FROM report_files, generate_series(1, 10)
"""
_ATTEMPTS = """
    INSERT INTO autopay_attempts (user_id, attempt_id, autopay_id, due_at, attempted_at, outcome, amount, late_seconds)
    SELECT :user_id, gen_random_uuid(), :autopay_id, now(), now(), 'skipped', 0, 0 FROM generate_series(1, 10)
"""
_NOTES = """
    INSERT INTO customer_notes (user_id, note_id, author_id, key, text)
    SELECT :user_id, gen_random_uuid(), gen_random_uuid(), 'note', 'Called back' FROM generate_series(1, 10)
"""


@pytest.fixture(scope="module")
async def office(servers: Path, worker_id: str) -> AsyncIterator[Office]:
    """The application on a small set of the scale data, the lists of staff and catalogue filled, too."""
    settings = test_settings(servers, database_of(servers, worker_id, "lists"))
    await scale.load(settings, scale.Size(users=500, transactions=5_000), progress.Silent())
    app = create_app(settings)
    app.router.routes.append(_planted())
    async with app.router.lifespan_context(app), new_client(app) as client:
        await know_roles(app)
        stores: Stores = app.state.stores
        admin = await stores.database.run(make_admin)
        office = Office(app, client, lambda: headers_for(settings, admin))
        await office.fill()
        with listening(stores.database):
            yield office


def _planted() -> Any:
    """A list as it must not be: one more query for each row."""
    app = FastAPI()

    @app.get(PLANTED)
    async def planted(
        db: Db, page: Paging, admin: Annotated[Principal, Depends(Requires(Resource.USERS, Action.READ))]
    ) -> dict[str, Any]:
        del admin
        ids: Sequence[UUID] = (await db.scalars(select(User.user_id).limit(page.limit))).all()
        names = [await db.scalar(select(User.name).where(User.user_id == user_id)) for user_id in ids]
        return {"items": names, "next_cursor": None}

    return app.routes[-1]


class Office:
    """An admin who may see everything, at work."""

    def __init__(
        self, app: FastAPI, client: httpx.AsyncClient, headers: Callable[[], dict[str, str]]
    ) -> None:
        self.stores: Stores = app.state.stores
        self.client = client
        self._headers = headers
        # What the paths and the lists of one thing's parts name.
        self.known: dict[str, str] = {}

    async def fill(self) -> None:
        """Rows for the lists that the scale data leaves short."""
        await self.stores.database.run(self._add_staff)
        for number in range(ENOUGH):
            await make_type(self.client, self._headers(), name=f"Kind {number}")
            await make(self.client, self._headers(), name=f"Offer {number}")
            written = await self.client.post("/v1/content/admin", headers=self._headers(), json=draft())
            assert written.status_code == 201, written.text
            announced = await self.client.post(
                "/v1/announcements", headers=self._headers(), json=announcement()
            )
            assert announced.status_code == 201, announced.text
            about = {"category": "other", "message": f"Question {number}"}
            asked = await self.client.post(
                "/v1/contact/enquiries",
                headers=headers_for(self.stores.settings, new_id()) | {"Idempotency-Key": str(new_id())},
                json=about,
            )
            assert asked.status_code == 201, asked.text
            sent = {"headers": self._headers(), "files": {"file": ("red.jpg", picture())}}
            assert (await self.client.post("/v1/content/admin/images", **sent)).status_code == 201
            await park(self.stores)
        requested = await self.client.post(
            "/v1/reports/files", headers=self._headers(), json={"report": "plans"}
        )
        assert requested.status_code == 202, requested.text
        await self.stores.database.run(lambda db: db.execute(text(_REPORT_FILES)))
        for hour in range(10):
            scheduled = await self.client.post(
                "/v1/reports/schedules",
                headers=self._headers(),
                json={"report": "plans", "every": "day", "hour": hour},
            )
            assert scheduled.status_code == 201, scheduled.text
        await self.stores.database.run(lambda db: db.execute(text(_BACKUP_RUNS)))
        work = await self.stores.database.run(
            lambda db: db.scalar(text("SELECT run_id FROM backup_runs LIMIT 1"))
        )
        for number in range(ENOUGH + 2):
            await logs_crud.add_line(
                self.stores.documents, work, at=clock.now(), level="info", text=f"Line {number}"
            )
        self.known["backup_run_id"] = str(work)
        # Everything so far becomes entries of the audit trail.
        await Relay(self.stores, wiring.LISTENERS).drain()

    async def _add_staff(self, db: AsyncSession) -> None:
        for number in range(ENOUGH):
            await make_admin(db)
            role = "INSERT INTO roles (role_id, name, description) VALUES (gen_random_uuid(), :name, '')"
            await db.execute(text(role), {"name": f"Role {number}"})
        owner = await db.scalar(text("SELECT user_id FROM users LIMIT 1"))
        plan_id = await db.scalar(text("SELECT plan_id FROM plans LIMIT 1"))
        for statement in _ROWS:
            await db.execute(text(statement))
        run_id = await db.scalar(text("SELECT min(run_id::text) FROM reconciliation_differences"))
        payer = await db.scalar(
            text("SELECT user_id FROM transfers GROUP BY user_id ORDER BY count(*) DESC LIMIT 1")
        )
        # The newest transaction has transfers to be looked up, as some on each longer page have.
        await wallet.credit(
            db, payer, Money(100), source_account=Account.CASHBACK, code=Code.CASHBACK, key="pocket money"
        )
        await wallet.debit(db, payer, Money(100), target_account=Account.HELD, code=Code.HOLD, key="held")
        autopay_id = await db.scalar(text("SELECT autopay_id FROM autopays LIMIT 1"))
        moved = text("UPDATE autopays SET user_id = :user_id WHERE autopay_id = :autopay_id")
        for addition in (moved, text(_ATTEMPTS)):
            await db.execute(addition, {"user_id": payer, "autopay_id": autopay_id})
        await db.execute(text(_NOTES), {"user_id": payer})
        offer_id = await db.scalar(text("SELECT offer_id FROM offers LIMIT 1"))
        for statement in _USES:
            await db.execute(text(statement), {"offer_id": offer_id})
        self.known = {
            "offer_id": str(offer_id),
            "autopay_id": str(autopay_id),
            "owner_id": str(owner),
            "plan_id": str(plan_id),
            "run_id": run_id,
            "user_id": str(payer),
        }
        for number in range(ENOUGH):
            await sessions.start(
                db, self.stores.settings, user_id=owner, kind="user", device=f"Phone {number}"
            )
            await db.execute(_VERSION, {"plan_id": plan_id, "version": number + 2})

    async def _get(self, one: StaffList, query: dict[str, Any]) -> httpx.Response:
        required = {name: self.known[name] for name in one.required}
        path = one.path.format(**self.known)
        return await self.client.get(path, params=required | query, headers=self._headers())

    async def status(self, one: StaffList, **query: Any) -> int:
        """How a request for a list ends."""
        return (await self._get(one, query)).status_code

    async def ask(self, one: StaffList, **query: Any) -> tuple[dict[str, Any], Counted]:
        """A page of a list, and what it asked the database."""
        with counting() as counted:
            answer = await self._get(one, query)
        assert answer.status_code == 200, answer.text
        return answer.json(), counted


async def grows(office: Office, one: StaffList) -> bool:
    """Whether a page of fifty needs more statements than one of one."""
    await office.ask(one, limit=1)  # the first one may look up what the later ones know
    small, of_one = await office.ask(one, limit=1)
    large, of_many = await office.ask(one, limit=50)
    assert len(small["items"]) == 1
    assert len(large["items"]) >= ENOUGH, f"{one.path} has too few rows to tell: fill it in Office.fill"
    return of_many.statements != of_one.statements


@every_list
async def test_a_page_of_fifty_makes_as_many_statements_as_a_page_of_one(
    office: Office, one: StaffList
) -> None:
    assert not await grows(office, one)


async def test_a_planted_query_for_each_row_is_noticed(office: Office) -> None:
    assert await grows(office, StaffList(PLANTED, False, ()))


@every_list
async def test_a_list_gives_every_row_once_from_page_to_page_in_each_order(
    office: Office, one: StaffList
) -> None:
    for sort in one.sorts:
        shape = {"limit": 7} | ({"sort": sort} if sort else {})
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while len(seen) < 100:
            page, _ = await office.ask(one, **shape, **cursor)
            seen += [str(item) for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)), (one.path, sort)


@every_list
async def test_every_choice_of_every_filter_answers(office: Office, one: StaffList) -> None:
    """In every order for the first choice. For the others the orders take turns: a statement depends on the filter, not on its value."""
    orders = [{"sort": sort} if sort else {} for sort in one.sorts]
    for query_filter in one.filters:
        for number, choice in enumerate(query_filter.choices):
            value = str(choice).lower() if isinstance(choice, bool) else choice
            first = number % len(orders)
            statuses = set[int]()
            for order in orders[first:] + orders[:first]:
                statuses.add(await office.status(one, **{query_filter.name: value}, **order))
                if number and 200 in statuses:
                    break
            # Some orders don't go with some choices, and say so.
            assert 200 in statuses, (one.path, query_filter.name, value)
            assert statuses <= {200, 422}, (one.path, query_filter.name, value)


def test_all_lists_of_the_staff_are_found() -> None:
    assert {
        "/v1/admins",
        "/v1/audit-logs",
        "/v1/recharge/admin",
        "/v1/wallet/admin/transactions",
    } <= {one.path for one in LISTS}
