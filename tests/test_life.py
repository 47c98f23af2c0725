"""The sample customers' three months: true books, something on every list, the same for the same seed, lived once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gencharge import seed as sample
from gencharge import wiring
from gencharge.admins import service as admins
from gencharge.api.main import create_app
from gencharge.audit import sealing_service, verification_service
from gencharge.core.rooms import checks
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.clock import IST
from gencharge.delivery import service as delivery
from gencharge.directory import service as directory
from gencharge.reconciliation import runs_service
from gencharge.reconciliation.models import ReconciliationRunStatus
from gencharge.run.sample import SandboxInside, has_life, in_words, with_sandbox
from life import beginning, driver
from life.beginning import Life
from life.script import NEWCOMER, first_day_of, script
from life.steps import Recharge, SignIn, Sold, StaffSignIn, Step, TopUp
from life.world import World
from tests import one_document
from tests.conftest import database_of, test_settings
from tests.make.factories import headers_for, know_roles, new_client

NOON = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
# Lists that stay empty, and why.
EMPTY = {
    "/v1/webhooks/endpoints": "no integrator is there to receive what they would be sent",
    "/v1/webhooks/deliveries": "no integrator is there to receive what they would be sent",
    "/v1/approvals": "no refund of the past is large enough to wait for a second admin",
    "/v1/backups": "nobody has asked for a backup",
    "/v1/backups/runs": "nobody has asked for a backup",
    "/v1/backups/databases": "nothing was restored",
    "/v1/bills": "nobody has asked an operator for a bill",
    "/v1/bills/admin": "nobody has asked an operator for a bill",
    "/v1/campaigns": "no campaign was planned",
    "/v1/complaints": "nobody has complained",
    "/v1/complaints/admin": "nobody has complained",
    "/v1/content/admin/images": "the pages have no pictures",
    "/v1/messages/parked": "no message failed",
    "/v1/reports/files": "nobody has asked for a report",
    "/v1/reports/schedules": "nobody has asked for reports",
    "/v1/users/kyc-requests": "nobody has asked for another tier",
    "/v1/users/me/kyc-requests": "nobody has asked for another tier",
    "/v1/referrals/me/rewards": "nobody among the sample customers was referred",
    "/v1/referrals/admin": "nobody among the sample customers was referred",
    "/v1/velocity/held-back": "the past is lived without velocity rules, which no sample customer would meet",
    "/v1/velocity/allowances": "no shop is among the sample customers",
}


def settings_of(servers: Path, worker_id: str, name: str, folder: Path) -> Settings:
    """Settings of a new database, with a sandbox whose state is in `folder`."""
    return test_settings(servers, database_of(servers, worker_id, name), data_dir=folder)


async def lived(stores: Stores, life: Life) -> int:
    """Live a life with a sandbox in this process; how many steps were refused."""
    with closing(SandboxInside(stores.settings)) as outside:
        return (await driver.live(stores, life, outside))["refused"]


@contextmanager
def world_of(stores: Stores) -> Iterator[SandboxInside]:
    """The outside parties as they are after the life."""
    with closing(SandboxInside(stores.settings)) as outside:
        yield outside


@pytest.fixture(scope="module")
async def past(
    servers: Path, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stores]:
    """Stores in which the whole life was lived."""
    stores = Stores.open(settings_of(servers, worker_id, "life", tmp_path_factory.mktemp("life")))
    begun = await beginning.begin(stores.database, stores.settings)
    assert begun.added
    assert begun.life is not None
    assert await lived(stores, begun.life) == 0
    yield stores
    await stores.close()


async def value(stores: Stores, query: str) -> Any:
    """The one value of a query."""
    return await stores.database.run(lambda db: db.scalar(text(query)))


def test_the_same_seed_gives_the_same_life_and_another_seed_another_one() -> None:
    first_day = first_day_of(NOON)
    assert script(first_day, NOON, 1) == script(first_day, NOON, 1)
    assert script(first_day, NOON, 1) != script(first_day, NOON, 2)


@pytest.mark.parametrize("hour", [0, 4, 12, 18, 23])
def test_steps_are_in_order_in_the_past_and_by_day_and_the_last_are_of_today(hour: int) -> None:
    now = NOON.replace(hour=hour, minute=40)
    steps = script(first_day_of(now), now)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert steps[-1].at <= now
    assert any(now - step.at < timedelta(hours=2) for step in steps if isinstance(step, Recharge))
    bought = [step.at.astimezone(IST).hour for step in steps if isinstance(step, Recharge | TopUp)]
    at_night = [each for each in bought if not 8 <= each <= 21]
    assert len(at_night) < len(bought) / 10, "only the steps of the last hours may be at night"
    keys = [step.key for step in steps if isinstance(step, Recharge | TopUp)]
    assert len(set(keys)) == len(keys)


async def test_every_check_of_the_books_and_of_the_audit_trail_passes(past: Stores) -> None:
    report = await checks.run(past.database, wiring.CHECKS)
    assert report.ok, report.lines
    with clock.later(hours=1):
        await sealing_service.seal(past)
    trail = await verification_service.verify(past)
    assert trail.ok, trail.lines


async def test_nothing_is_left_over_that_somebody_has_to_be_told_of(past: Stores) -> None:
    assert await value(past, "SELECT count(*) FROM events") == 0
    assert await value(past, "SELECT count(*) FROM deliveries") == 0
    assert await value(past, "SELECT count(*) FROM fulfilments WHERE next_attempt_at IS NOT NULL") == 0
    assert await value(past, "SELECT count(*) FROM refunds WHERE status <> 'processed'") == 0
    assert await past.database.run(lambda db: delivery.alert_stuck(db, limit=10)) == 0
    # The payment that was left open some minutes ago.
    assert await value(past, "SELECT count(*) FROM payments WHERE status = 'created'") == 1


async def test_no_stamp_is_younger_than_what_happened(past: Stores) -> None:
    first = await value(past, "SELECT min(created_at) FROM users")
    for table, column in (
        ("plans", "created_at"),
        ("operators", "created_at"),
        ("plan_versions", "created_at"),
    ):
        stamp = await value(past, f"SELECT min({column}) FROM {table}")
        assert stamp < first, table
    before = await value(past, "SELECT count(*) FROM transfers WHERE created_at < now() - interval '2 days'")
    after = await value(past, "SELECT count(*) FROM transfers WHERE created_at > now() - interval '2 days'")
    assert before > 10 * after > 0
    notices = past.documents["notices"]
    oldest = await notices.find_one({}, sort=[("created_at", 1)])
    assert oldest is not None
    assert oldest["created_at"] - first < timedelta(days=12)


async def test_every_kind_of_recharge_and_payment_is_there(past: Stores) -> None:
    async def kinds(query: str) -> set[Any]:
        rows = await past.database.run(lambda db: db.scalars(text(query)))
        return set(rows.all())

    assert await kinds("SELECT status FROM recharges") == {"delivered", "failed", "refunded"}
    assert await kinds("SELECT status FROM active_plans") == {
        "active",
        "queued",
        "expired",
        "replaced",
        "cancelled",
    }
    assert await kinds("SELECT status FROM payments") == {"created", "captured", "failed", "refunded"}
    assert await kinds("SELECT status FROM adjustments") == {
        "approved",
        "rejected",
        "cancelled",
        "pending",
    }
    channels = await kinds("SELECT channel FROM recharges WHERE channel IS NOT NULL")
    assert channels == {"vi-direct", "vi-aggregator"}
    assert await kinds("SELECT status FROM reconciliation_runs") == {"matched", "differences"}
    assert await value(past, "SELECT count(*) FROM recharges WHERE wallet_amount > 0 AND gateway_amount > 0")
    assert await value(past, "SELECT min(posted - held) FROM wallets") >= 0


async def test_the_newcomer_has_the_opening_balance_and_no_running_plan(past: Stores) -> None:
    user_id = sample.user_id_of(NEWCOMER)
    balance = await value(past, f"SELECT posted - held FROM wallets WHERE user_id = '{user_id}'")
    assert balance == sample.OPENING_BALANCE.paise
    phone = sample.phone_of(NEWCOMER)
    running = (
        f"SELECT count(*) FROM active_plans WHERE phone_number = '{phone}' AND status IN ('active', 'queued')"
    )
    assert await value(past, running) == 0
    last = f"SELECT max(valid_until) FROM active_plans WHERE phone_number = '{phone}'"
    assert timedelta(0) < clock.now() - await value(past, last) < timedelta(days=2)


async def test_yesterday_matches_the_statements_of_the_gateway_and_the_operators(past: Stores) -> None:
    day = runs_service.yesterday()
    with world_of(past) as outside:
        world = await World.open(past, outside, clock.now())
        context = runs_service.CounterpartyContext(past)
        context.operators, context.payments = world.operators, world.payments
        parties = await past.database.run(lambda db: runs_service.list_counterparties(db, day))
        for party in parties:
            run_id = await past.database.run(lambda db, party=party: runs_service.begin(db, party, day))
            run = await runs_service.execute(context, run_id)
            assert run.status == ReconciliationRunStatus.MATCHED, (party, run.error)
        await world.close()


async def test_the_sample_data_is_added_once_and_the_life_is_lived_once(past: Stores) -> None:
    begun = await beginning.begin(past.database, past.settings)
    assert begun == beginning.Begun(added=False, life=None)


async def test_sample_data_of_an_older_version_stays_as_it_is(
    servers: Path, worker_id: str, tmp_path: Path
) -> None:
    stores = Stores.open(settings_of(servers, worker_id, "life_older", tmp_path))
    assert await sample.seed_all(stores.database, stores.settings)
    assert await beginning.begin(stores.database, stores.settings) == beginning.Begun(added=False, life=None)
    assert await value(stores, "SELECT count(*) FROM recharges") == 0
    await stores.close()


async def test_a_life_that_was_cut_off_is_lived_to_its_end_and_nothing_of_it_twice(
    servers: Path, worker_id: str, tmp_path: Path
) -> None:
    stores = Stores.open(settings_of(servers, worker_id, "life_cut", tmp_path))
    begun = await beginning.begin(stores.database, stores.settings)
    assert begun.life is not None
    steps = begun.life.steps
    # A short life with a step of each kind: what is not bought again later can be left out.
    short = replace(begun.life, steps=[step for step in steps if _is_kept(step)])
    await lived(stores, replace(short, steps=short.steps[: len(short.steps) // 2]))
    await lived(stores, short)
    again = await beginning.begin(stores.database, stores.settings)
    assert not again.added
    counts = {name: await value(stores, query) for name, query in _COUNTS.items()}
    await lived(stores, short)
    assert {name: await value(stores, query) for name, query in _COUNTS.items()} == counts
    assert counts["recharges"] == sum(isinstance(step, Recharge) for step in short.steps)
    # What the script of another version calls by the same key is left out, and the life comes to its end.
    rewritten = [
        replace(step, plan=Sold("JIO", "prepaid", 189)) if isinstance(step, Recharge) else step
        for step in short.steps
    ]
    assert await lived(stores, replace(short, steps=rewritten)) > 0
    report = await checks.run(stores.database, wiring.CHECKS)
    assert report.ok, report.lines
    await stores.close()


def test_only_a_development_installation_with_our_sandbox_has_a_past(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, sandbox_port=8001)
    assert has_life(settings)
    assert with_sandbox(settings).payment_gateway_url == "http://127.0.0.1:8001"
    assert not has_life(settings.model_copy(update={"environment": Environment.PRODUCTION}))
    assert not has_life(settings.model_copy(update={"environment": Environment.TEST}))
    assert not has_life(Settings(_env_file=None, data_dir=tmp_path, sandbox_port=0))
    elsewhere = Settings(_env_file=None, data_dir=tmp_path, payment_gateway_url="https://gateway.example")
    assert not has_life(elsewhere)
    assert with_sandbox(elsewhere).payment_gateway_url == "https://gateway.example"


def test_what_was_added_is_said_in_one_line() -> None:
    lived = Counter(Recharge=3, TopUp=2, RefundRecharge=1, Adjust=4, Reconcile=5, SignIn=9)
    assert in_words(lived) == (
        "50 customers with three months of history: 3 recharges, 2 top-ups, 1 refunds, 4 adjustments and 5 reconciled days"
    )


_COUNTS = {
    name: f"SELECT count(*) FROM {name}"
    for name in (
        "recharges",
        "transfers",
        "payments",
        "refunds",
        "adjustments",
        "sessions",
        "receipts",
        "plan_versions",
    )
}


def _is_kept(step: Step) -> bool:
    """All that concerns a few customers, and everything that the staff do but the nightly runs."""
    if isinstance(step, StaffSignIn | SignIn):
        return True
    return getattr(step, "customer", 0) in {1, 23, 43, 51} or (
        not hasattr(step, "customer") and not hasattr(step, "day")
    )


def lists_of(document: dict[str, Any]) -> list[str]:
    """The paths of all lists that need no id."""
    return [
        path
        for path, item in document["paths"].items()
        if "{" not in path and _answers_a_page(item.get("get", {}).get("responses", {}).get("200", {}))
    ]


def _answers_a_page(answer: dict[str, Any]) -> bool:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("Page")


async def test_every_list_of_customers_and_staff_shows_something(past: Stores) -> None:
    app = one_document.share(create_app(past.settings))
    async with app.router.lifespan_context(app), new_client(app) as client:
        await know_roles(app)
        phone_number = f"+91{admins.FIRST_ADMIN_PHONE}"
        owner = await past.database.run(lambda db: directory.phone_owner(db, phone_number))
        assert owner is not None
        staff = headers_for(past.settings, owner[1], kind="admin", role="SuperAdmin")
        # One who recharges for the family, and signed in on a phone.
        customer = headers_for(past.settings, sample.user_id_of(5))
        empty = list[str]()
        paths = lists_of(app.openapi())
        for path in paths:
            whose = {"owner_id": str(sample.user_id_of(5))} if path == "/v1/sessions" else {}
            readers = [await client.get(path, headers=headers, params=whose) for headers in (customer, staff)]
            pages = [answer.json()["items"] for answer in readers if answer.status_code == 200]
            assert pages, (path, [answer.text for answer in readers])
            empty += [path] if not all(pages) else []
        assert len(paths) > 25
        assert sorted(empty) == sorted(EMPTY)


async def test_what_is_below_a_list_shows_something_too(past: Stores) -> None:
    receipts = await value(past, "SELECT count(*) FROM receipts")
    versions = await value(past, "SELECT max(version) FROM plan_versions")
    claimed = await value(past, "SELECT count(*) FROM reconciliation_differences WHERE status = 'claimed'")
    assert receipts > 10
    assert versions == 3
    assert claimed == 1
    charges = await value(past, "SELECT string_agg(outcome, ',') FROM auto_topup_charges")
    assert charges == "succeeded"
    notices = past.documents["notices"]
    assert await notices.count_documents({"viewed_at": None}) > 20
    assert await notices.count_documents({"viewed_at": {"$ne": None}}) > 20
