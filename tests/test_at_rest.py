"""What a thief of the stores reads: planted values are looked for in every table and collection."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from gencharge import wiring
from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.rooms.resealing import sealed_columns
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.recharge.events import RechargeFailed
from gencharge.webhooks.client import Outcome
from gencharge.webhooks.loop import Attempt, Task, record_delivered
from gencharge.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.make import factories
from tests.make.announcements import announce
from tests.make.contact import visit
from tests.make.staff_client import StaffClient
from tests.make.users import saved_number

DEVICE, ADDRESS, NICKNAME = "Planted Browser 4711", "203.0.113.94", "Planted Grandmother"
EMAIL, PLAN, ANSWER = "planted.address@example.com", "Planted plan 0815", "planted answer of theirs"
QUESTION, VISITOR = "Planted question 1234", "planted.visitor@example.com"
ANNOUNCED = "Planted announcement 5678"
NOTED = "Planted note 9876"
SECRET = "whsec_planted_secret_of_an_endpoint"
PAGE = (Path(__file__).parent.parent / "docs" / "SECURITY.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| (?P<where>[^|]+) \| (?P<how>[^|]+) \|", re.MULTILINE)


def inventory(how: str) -> set[str]:
    """The columns that the page about security lists as kept like this."""
    section = PAGE.split("## Personal data at rest")[1].split("\n## ")[0]
    rows = [row for row in ROW.finditer(section) if row["how"] == how]
    return {name for row in rows for name in re.findall(r"`(\w+\.\w+)`", row["where"])}


def test_the_page_lists_what_is_encrypted() -> None:
    columns = {f"{column.table.name}.{column.name}" for column in sealed_columns()}
    assert inventory("encrypted") == columns | {part.name for part in wiring.SEALED_DOCUMENTS}


async def plant(app: FastAPI, stores: Stores, relay: Relay) -> None:
    """What customers and integrators leave, with values that occur nowhere else."""
    user = await stores.database.run(lambda db: factories.make_user(db, phone_number="+919000004711"))
    async with factories.new_client(app, ADDRESS, headers={"User-Agent": DEVICE}) as phone:
        number = {"phone_number": user.phone_number}
        challenge = (await phone.post("/v1/auth/login", json=number)).json()["challenge_id"]
        code = {"otp": "111111", "challenge_id": challenge}
        tokens = (await phone.post("/v1/auth/verify-otp-login", json=number | code)).json()
        phone.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        keyed = {"Idempotency-Key": str(new_id())}
        question = {"category": "other", "message": QUESTION}
        answers: list[httpx.Response] = [
            await phone.post("/v1/contact/enquiries", json=question, headers=keyed),
            await visit(phone, app, email=VISITOR),
            await phone.post("/v1/users/me/numbers", json=saved_number(nickname=NICKNAME)),
            await phone.put("/v1/users/me/email", json={"email": EMAIL}),
        ]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 200], [
            answer.text for answer in answers
        ]
        vault, endpoint_id = Vault.of_database(stores.database), new_id()
        failed = RechargeFailed(
            user_id=str(user.user_id), recharge_id=str(new_id()), phone_number="+919876543210", plan_name=PLAN,
            operator="JIO", reason="operator_unreachable", refunded_paise=29_950,
        )  # fmt: skip
        async with stores.database.transaction() as db:
            sealed = await vault.seal(WebhookEndpoint.secret, (endpoint_id,), SECRET)
            endpoint = WebhookEndpoint(
                endpoint_id=endpoint_id, url="https://a.example", events=["*"], secret=sealed
            )
            db.add(endpoint)
            await db.flush()
            await emit(db, failed)
        await relay.drain()
        await answered(stores, endpoint)
        await told_by_staff(app, phone, user.user_id)
        # The owner reads all of it.
        (session,) = (await phone.get("/v1/auth/sessions")).json()["items"]
        assert (session["device"], session["address"]) == (DEVICE, ADDRESS)
        (number_,) = (await phone.get("/v1/users/me/numbers")).json()["items"]
        assert number_["nickname"] == NICKNAME
        assert PLAN in (await phone.get("/v1/notifications")).text
        export = await phone.get("/v1/users/me/export")
        assert all(
            planted in export.text for planted in (DEVICE, ADDRESS, NICKNAME, PLAN, QUESTION, NOTED)
        ), export.text


async def told_by_staff(app: FastAPI, client: httpx.AsyncClient, user_id: UUID) -> None:
    """The staff wrote to one customer, who reads it, and noted something about them."""
    await factories.know_roles(app)
    async with factories.new_client(app, ADDRESS) as visitor:
        staff = await StaffClient.open(app, visitor)
        text = {"title": ANNOUNCED, "body": ANNOUNCED}
        await announce(
            staff, audience={"kind": "customer", "user_id": str(user_id)}, texts={"en": text, "hi": text}
        )
        await staff.ask_json("POST", f"/users/{user_id}/notes", {"text": NOTED})
    assert ANNOUNCED in (await client.get("/v1/notifications")).text


async def answered(stores: Stores, endpoint: WebhookEndpoint) -> None:
    """The endpoint took its messages, and said something."""
    async with stores.database.transaction() as db:
        query = WebhookDelivery.__table__.select().where(WebhookDelivery.endpoint_id == endpoint.endpoint_id)
        (delivery, *_) = (await db.execute(query)).all()
        task = Task(
            endpoint_id=endpoint.endpoint_id, delivery_id=delivery.delivery_id, body=delivery.body, attempt=1, tries=1,
            url=endpoint.url, secret=endpoint.secret, previous_secret=None, previous_valid_until=None, is_probe=False,
        )  # fmt: skip
        outcome = Outcome(5, status=200, response=ANSWER)
        await record_delivered(db, [Attempt(task, outcome, delivery.created_at)])


async def occurrences(settings: Settings, stores: Stores, planted: str) -> set[str]:
    """The tables and collections in which a text occurs."""
    places = set()
    with psycopg.connect(settings.migration_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as rows:  # type: ignore[arg-type]
                content = b"".join(bytes(row) for row in rows)
            # A BYTEA is written in hexadecimal digits.
            if planted.encode() in content or planted.encode().hex().encode() in content:
                places.add(table)
    for collection in await stores.documents.list_collection_names():
        documents = await stores.documents[collection].find().to_list()
        if any(planted in str(document) for document in documents):
            places.add(collection)
    return places


async def test_a_copy_of_the_stores_has_none_of_what_is_called_encrypted(
    app: FastAPI, settings: Settings, shop: Stores, relay: Relay
) -> None:
    await plant(app, shop, relay)
    # What the export and the sign-in announced is on its way no more.
    await relay.drain()
    places = {
        planted: await occurrences(settings, shop, planted)
        for planted in (
            DEVICE,
            ADDRESS,
            NICKNAME,
            EMAIL,
            PLAN,
            ANSWER,
            SECRET,
            QUESTION,
            VISITOR,
            ANNOUNCED,
            NOTED,
        )
    }
    # Other tests have keys of their own, and could not read it.
    await shop.documents["announcements"].delete_many({})
    # The page says that the audit trail keeps the device and the address of who acted.
    trail = {"audit_entries"}
    assert places[DEVICE] <= trail
    assert places[ADDRESS] <= trail
    assert places[PLAN] <= trail
    assert [
        places[planted] for planted in (NICKNAME, EMAIL, ANSWER, SECRET, QUESTION, VISITOR, ANNOUNCED, NOTED)
    ] == [set()] * 8
    assert await occurrences(settings, shop, "+919000004711") >= {"users", "phone_directory"}, (
        "the search works"
    )


@pytest.mark.parametrize("how", ["in clear", "hashed"])
def test_nothing_is_listed_twice(how: str) -> None:
    assert not inventory(how) & inventory("encrypted")
