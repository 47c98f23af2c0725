"""Calls every route as each of the nine callers of the access table, against one application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.admins.models import Admin
from gencharge.api.main import create_app
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.sessions.gate import Gate
from gencharge.users.models import User
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests import one_document
from tests.access.table import ANOTHERS, REQUESTS
from tests.make.announcements import draft
from tests.make.autopay import make_autopay
from tests.make.bills import make_bill
from tests.make.factories import headers_for, know_roles, make_admin, make_user, new_client, sign_in
from tests.make.mandates import add_mandate
from tests.make.money import buy, find_plan, make_number, sell_sample_plans
from tests.make.payments import add_payment

METHODS: Final = ("get", "post", "put", "patch", "delete")
ROLES: Final = ("SuperAdmin", "Manager", "Support", "ContentEditor", "Viewer")
UNKNOWN_ID: Final = "0198c0de-0000-7000-8000-000000000000"
# A parameter of a path that is no id.
UNKNOWN: Final = {
    "channel": "nope",
    "operator": "NOPE",
    "idempotency_key": "nope",
    "phone_number": "9876543210",
}


def routes_of(app: FastAPI) -> list[str]:
    """Every route of the OpenAPI document, such as `GET /v1/plans`."""
    return [
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in METHODS
        if method in methods
    ]


@asynccontextmanager
async def open_probe(settings: Settings) -> AsyncIterator[AccessProbe]:
    """The application on an empty database, with all that the table needs in it."""
    app = one_document.share(create_app(settings))
    async with app.router.lifespan_context(app), new_client(app) as client:
        stores: Stores = app.state.stores
        await know_roles(app)
        await sell_sample_plans(stores)
        probe = AccessProbe(app, client)
        await probe.seed()
        yield probe


class AccessProbe:
    """Asks each route as each caller."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self.app = app
        self._client = client
        self._stores: Stores = app.state.stores
        self._callers: dict[str, dict[str, str]] = {}
        self._staff: dict[str, Admin] = {}
        self._anothers: dict[str, str] = {}
        self._of_operator: dict[str, dict[str, str]] = {}

    @property
    def grants(self) -> Mapping[str, frozenset[str]]:
        """What each role allows."""
        return Gate.of(self.app).grants

    async def seed(self) -> None:
        """Two customers, of whom the first has one of everything, and the staff."""
        settings = self.app.state.settings
        run = self._stores.database.run
        first, second = await run(make_user), await run(make_user)
        self._callers["anonymous"] = {}
        self._callers["user"] = headers_for(settings, second)
        for role in ROLES:
            admin = await run(lambda db, role=role: make_admin(db, role))  # type: ignore[misc]
            self._staff[role] = admin
            self._callers[role] = headers_for(settings, admin, role=role)
        scoped = await run(lambda db: make_admin(db, "Manager", operator_scope=("JIO",)))
        self._callers["scoped"] = headers_for(settings, scoped, role="Manager")
        self._anothers = await self._belongings(first)

    async def _belongings(self, user: User) -> dict[str, str]:
        """What the first customer has: name of a path's parameter -> id."""
        stores, headers = self._stores, headers_for(self.app.state.settings, user)

        async def fund(db: AsyncSession) -> None:
            await wallet.credit(
                db,
                user.user_id,
                Money.rupees(5_000),
                source_account=Account.OPENING,
                code=Code.OPENING,
                key="o",
            )

        await stores.database.run(fund)
        for operator in ("JIO", "AIRTEL"):
            self._of_operator[operator] = await self._things_of(operator, user, headers)
        await Relay(stores, wiring.LISTENERS).drain()
        notice = (await self._client.get("/v1/notifications", headers=headers)).json()["items"][0]
        number = {
            "phone_number": "9123456789",
            "nickname": "Home",
            "operator": "JIO",
            "service_type": "prepaid",
        }
        phone = {"platform": "android", "token": "token-of-the-first-customer"}
        device = await self._client.put("/v1/devices/mobile", json=phone, headers=headers)
        saved = await self._client.post("/v1/users/me/numbers", json=number, headers=headers)
        asked = await self._client.post(
            "/v1/users/me/kyc-requests", json={"document": "pan"}, headers=headers
        )
        about = {"recharge_id": self._of_operator["JIO"]["recharge_id"], "reason": "wrong_plan"}
        complaint = await self._client.post("/v1/complaints", json=about, headers=headers)
        return self._of_operator["JIO"] | {
            "idempotency_key": "key-JIO",
            "device_id": device.json()["device_id"],
            "notification_id": notice["notification_id"],
            "mandate_id": str(await add_mandate(self._stores, user.user_id)),
            "number_id": saved.json()["number_id"],
            "kyc_request_id": asked.json()["kyc_request_id"],
            "complaint_id": complaint.json()["complaint_id"],
            "payment_id": await self._payment_of(user),
            "session_id": await self._session_of(user),
        }

    async def _things_of(self, operator: str, user: User, headers: dict[str, str]) -> dict[str, str]:
        """A plan, an offer, a recharge and its transaction that concern this operator."""
        plan = await find_plan(self._stores, operator)
        number = await make_number(self._stores, operator)
        sale = await buy(self._stores, user.user_id, number, plan.plan_id, key=f"key-{operator}")
        transaction = (await self._client.get("/v1/wallet/transactions", headers=headers)).json()["items"][0]
        staff = self._callers["SuperAdmin"]
        kind = await self._client.post("/v1/offers/types", json={"name": f"For {operator}"}, headers=staff)
        offer = {
            "name": f"For {operator}",
            "offer_type_id": kind.json()["offer_type_id"],
            "reward": {"discount": {"kind": "flat", "amount": 10}},
            "conditions": {"operators": [operator]},
        }
        answer = await self._client.post("/v1/offers", json=offer, headers=staff)
        channel = {
            "code": f"{operator.lower()}-spare",
            "operator": operator,
            "name": "Spare",
            "url": "https://recharge.example/spare",
            "is_active": False,
        }
        added = await self._client.post("/v1/channels", json=channel, headers=staff)
        about = {
            "category": "other",
            "message": "Hello",
            "recharge_id": str(sale.answer.subscription_id),
        }
        keyed = headers | {"Idempotency-Key": f"enquiry-{operator}"}
        enquiry = await self._client.post("/v1/contact/enquiries", json=about, headers=keyed)
        announcement = await self._client.post(
            "/v1/announcements",
            json=draft(audience={"kind": "customers", "operator": operator}),
            headers=staff,
        )
        return {
            "announcement_id": announcement.json()["announcement_id"],
            "enquiry_id": enquiry.json()["enquiry_id"],
            "operator": operator,
            "channel": added.json()["code"],
            "user_id": str(user.user_id),
            "bill_id": str(await make_bill(self._stores, user.user_id, operator=operator)),
            "autopay_id": str((await make_autopay(self._stores, user.user_id, operator=operator)).autopay_id),
            "plan_id": str(plan.plan_id),
            "offer_id": answer.json()["offer_id"],
            "recharge_id": str(sale.answer.subscription_id),
            "transaction_id": transaction["transaction_id"],
        }

    async def _payment_of(self, user: User) -> str:
        payment = await add_payment(self._stores, user_id=user.user_id)
        return str(payment.payment_id)

    async def _session_of(self, user: User) -> str:
        await sign_in(self.app, user)
        session_id = await self._stores.database.run(
            lambda db: db.scalar(
                text("SELECT session_id FROM sessions WHERE user_id = :user_id"), {"user_id": user.user_id}
            )
        )
        return str(session_id)

    async def statuses(self, route: str) -> str:
        """What each caller gets, as the table writes it."""
        answers = [str(await self._ask(route, self._callers[caller], UNKNOWN)) for caller in self._callers]
        answers.append(await self._ask_for_anothers(route))
        return " ".join(answers)

    async def ask_as(self, role: str, route: str, **overrides: Any) -> int:
        """What an admin gets whose token differs in this: `second_factor_due=True`."""
        headers = headers_for(self.app.state.settings, self._staff[role], role=role, **overrides)
        return await self._ask(route, headers, UNKNOWN)

    async def statuses_in_scope(self, route: str) -> str:
        """What a manager limited to JIO gets who names what is AIRTEL's, then JIO's."""
        answers = [
            str(await self._ask(route, self._callers["scoped"], UNKNOWN | self._of_operator[operator]))
            for operator in ("AIRTEL", "JIO")
        ]
        return " ".join(answers)

    async def _ask_for_anothers(self, route: str) -> str:
        if route not in ANOTHERS:
            return "-"
        return str(await self._ask(route, self._callers["user"], UNKNOWN | self._anothers))

    async def _ask(self, route: str, headers: Mapping[str, str], names: Mapping[str, str]) -> int:
        method, template = route.split(" ")
        request: dict[str, Any] = {"json": {}} if method in {"POST", "PUT", "PATCH"} else {}
        request |= REQUESTS.get(route, {})
        path = "/".join(_filled(part, names) for part in template.split("/"))
        # Each payment has a key of its own.
        own = {"Idempotency-Key": str(new_id())}
        own |= request.pop("headers", {})
        answer = await self._client.request(method, path, headers={**headers, **own}, **request)
        return answer.status_code


def _filled(part: str, names: Mapping[str, str]) -> str:
    if not part.startswith("{"):
        return part
    name = part.strip("{}")
    return names.get(name, UNKNOWN_ID if name.endswith("_id") else name)
