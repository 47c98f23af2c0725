"""How each admin action is done, successfully, over HTTP: the table that `test_every_admin_action.py` walks.

A new route of the staff needs a line here: a function that prepares what the route works on and returns its answer.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final
from uuid import UUID

import httpx
import pyotp
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins.models import Admin
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.payments.models import Payment
from gencharge.reconciliation.models import ReconciliationDifference
from gencharge.users.models import User
from tests.factories import make_admin, make_user, new_phone, sign_in
from tests.money import buy, find_plan, fund, make_number
from tests.outside import NOBODY, reach_over_api

Headers = dict[str, str]
_numbers = itertools.count(secrets.randbelow(10**6))
REASON: Final = {"reason": "asked for by phone"}


class Desk:
    """An admin at work, SuperAdmin unless `me` is another one, who gave the second factor just now."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, me: Admin, headers: Headers) -> None:
        self.app = app
        self.stores: Stores = app.state.stores
        self.me = me
        # What must stand in no entry.
        self.private = {"Asha Rao", "Ravi Iyer", "Meera Nair"}
        self._client = client
        self._headers = headers
        self._know(me)

    @classmethod
    async def open(cls, app: FastAPI, client: httpx.AsyncClient) -> Desk:
        """The desk of a new admin with a session."""
        stores: Stores = app.state.stores
        me = await stores.database.run(make_admin)
        return cls(app, client, me, await sign_in(app, me))

    async def colleague(self) -> Desk:
        """Another admin's desk."""
        other = await Desk.open(self.app, self._client)
        self.private |= other.private
        other.private = self.private
        return other

    def _know(self, somebody: User | Admin) -> None:
        assert somebody.email
        self.private |= {somebody.email, somebody.phone_number, somebody.phone_number.removeprefix("+91")}

    async def ask(self, method: str, path: str, json: Any = None, **but: Any) -> httpx.Response:
        """Ask; each payment has a key of its own."""
        headers = self._headers | {"Idempotency-Key": str(new_id())}
        body = {} if json is None else {"json": json}
        return await self._client.request(method, f"/v1{path}", headers=headers, **body, **but)

    async def made(self, method: str, path: str, json: Any = None, **but: Any) -> Any:
        """Ask for what must succeed; the answer's body."""
        answer = await self.ask(method, path, json, **but)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def customer(self) -> User:
        """A registered customer."""
        user = await self.stores.database.run(make_user)
        self._know(user)
        return user

    async def someone(self, role: str = "Viewer") -> Admin:
        """An admin to act on."""
        admin = await self.stores.database.run(lambda db: make_admin(db, role))
        self._know(admin)
        return admin

    async def signed_in(self, subject: User | Admin) -> UUID:
        """A session of somebody's."""
        await sign_in(self.app, subject)
        owner = subject.admin_id if isinstance(subject, Admin) else subject.user_id
        found = await self.made("GET", f"/sessions?owner_id={owner}")
        return UUID(found["items"][0]["session_id"])

    async def enrol(self) -> str:
        """Set up my second factor; its secret. The new token is used from now on."""
        secret = str((await self.made("POST", "/auth/second-factor/setup"))["secret"])
        code = pyotp.TOTP(secret).now()
        given = await self.made("POST", "/auth/second-factor/confirm", {"code": code})
        self.private |= {secret, *given["recovery_codes"]}
        self._headers = {"Authorization": f"Bearer {given['access_token']}"}
        return secret


Action = Callable[[Desk], Awaitable[httpx.Response]]
ACTIONS: Final[dict[str, Action]] = {}


def does(route: str) -> Callable[[Action], Action]:
    """Enter a function as the way to do what this route does."""

    def enter(action: Action) -> Action:
        assert route not in ACTIONS, f"{route} stands twice"
        ACTIONS[route] = action
        return action

    return enter


def some_name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind} {next(_numbers)}"


# Customers.


def _of_a_customer(method: str, act: str, body: Any, *before: tuple[str, Any]) -> Action:
    async def run(desk: Desk) -> httpx.Response:
        path = f"/users/{(await desk.customer()).user_id}"
        for done, with_body in before:
            await desk.made("POST", f"{path}/{done}", with_body)
        return await desk.ask(method, path + act, body)

    return run


ACTIONS |= {
    "PATCH /v1/users/{user_id}": _of_a_customer("PATCH", "", {"name": "Meera Nair"}),
    "DELETE /v1/users/{user_id}": _of_a_customer("DELETE", "", None),
    "POST /v1/users/{user_id}/block": _of_a_customer("POST", "/block", REASON),
    "POST /v1/users/{user_id}/unblock": _of_a_customer("POST", "/unblock", REASON, ("block", REASON)),
    "POST /v1/users/{user_id}/deactivate": _of_a_customer("POST", "/deactivate", REASON),
    "POST /v1/users/{user_id}/reactivate": _of_a_customer(
        "POST", "/reactivate", REASON, ("deactivate", REASON)
    ),
    "POST /v1/users/{user_id}/switch-type": _of_a_customer("POST", "/switch-type", {"user_type": "postpaid"}),
    "PUT /v1/users/{user_id}/kyc-tier": _of_a_customer("PUT", "/kyc-tier", {"tier": "full", **REASON}),
    "GET /v1/users/{user_id}/export": _of_a_customer("GET", "/export", None),
}


# Sessions: one's own, and others'.


@does("POST /v1/auth/logout")
async def leave(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/auth/logout")


async def _my_other_session(desk: Desk) -> str:
    await sign_in(desk.app, desk.me)
    found = await desk.made("GET", "/auth/sessions")
    return str(next(one["session_id"] for one in found["items"] if not one["current"]))


@does("DELETE /v1/auth/sessions")
async def end_my_other_sessions(desk: Desk) -> httpx.Response:
    await _my_other_session(desk)
    return await desk.ask("DELETE", "/auth/sessions")


@does("DELETE /v1/auth/sessions/{session_id}")
async def end_my_other_session(desk: Desk) -> httpx.Response:
    return await desk.ask("DELETE", f"/auth/sessions/{await _my_other_session(desk)}")


@does("DELETE /v1/sessions/{owner_id}")
async def end_sessions(desk: Desk) -> httpx.Response:
    user = await desk.customer()
    await desk.signed_in(user)
    return await desk.ask("DELETE", f"/sessions/{user.user_id}")


@does("DELETE /v1/sessions/{owner_id}/{session_id}")
async def end_session(desk: Desk) -> httpx.Response:
    user = await desk.customer()
    return await desk.ask("DELETE", f"/sessions/{user.user_id}/{await desk.signed_in(user)}")


# The staff.


@does("PATCH /v1/admins/me")
async def change_me(desk: Desk) -> httpx.Response:
    return await desk.ask("PATCH", "/admins/me", {"name": "Meera Nair"})


@does("POST /v1/admins")
async def appoint(desk: Desk) -> httpx.Response:
    body = {
        "name": "Meera Nair",
        "email": f"{secrets.token_hex(6)}@example.com",
        "phone_number": new_phone(),
        "role": "Viewer",
    }
    desk.private |= {body["email"], body["phone_number"]}
    return await desk.ask("POST", "/admins", body)


def _of_an_admin(method: str, act: str, body: Any, *before: tuple[str, Any]) -> Action:
    async def run(desk: Desk) -> httpx.Response:
        path = f"/admins/{(await desk.someone()).admin_id}"
        for done, with_body in before:
            await desk.made("POST", f"{path}/{done}", with_body)
        return await desk.ask(method, path + act, body)

    return run


ACTIONS |= {
    "PATCH /v1/admins/{admin_id}": _of_an_admin("PATCH", "", {"name": "Meera Nair"}),
    "DELETE /v1/admins/{admin_id}": _of_an_admin("DELETE", "", None),
    "PUT /v1/admins/{admin_id}/role": _of_an_admin(
        "PUT", "/role", {"role": "Manager", "operator_scope": ["JIO"]}
    ),
    "POST /v1/admins/{admin_id}/block": _of_an_admin("POST", "/block", REASON),
    "POST /v1/admins/{admin_id}/unblock": _of_an_admin("POST", "/unblock", None, ("block", REASON)),
}


async def _role(desk: Desk) -> tuple[str, dict[str, Any]]:
    body = {"name": some_name("Clerk"), "description": "Files things.", "permissions": ["Plans:read"]}
    return f"/roles/{(await desk.made('POST', '/roles', body))['role_id']}", body


@does("POST /v1/roles")
async def make_role(desk: Desk) -> httpx.Response:
    return await desk.ask(
        "POST", "/roles", {"name": some_name("Clerk"), "description": "", "permissions": []}
    )


@does("PUT /v1/roles/{role_id}")
async def replace_role(desk: Desk) -> httpx.Response:
    path, body = await _role(desk)
    return await desk.ask("PUT", path, body | {"permissions": ["Plans:read", "Offers:read"]})


@does("DELETE /v1/roles/{role_id}")
async def delete_role(desk: Desk) -> httpx.Response:
    return await desk.ask("DELETE", (await _role(desk))[0])


# The second factor.


@does("POST /v1/auth/second-factor/setup")
async def set_up_factor(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/auth/second-factor/setup")


@does("POST /v1/auth/second-factor/confirm")
async def confirm_factor(desk: Desk) -> httpx.Response:
    secret = (await desk.made("POST", "/auth/second-factor/setup"))["secret"]
    return await desk.ask("POST", "/auth/second-factor/confirm", {"code": pyotp.TOTP(secret).now()})


@does("POST /v1/auth/second-factor/otp")
async def send_otp(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/auth/second-factor/otp")


@does("POST /v1/auth/second-factor/verify")
async def verify_factor(desk: Desk) -> httpx.Response:
    await desk.enrol()
    codes = (await desk.made("POST", "/auth/second-factor/recovery-codes"))["recovery_codes"]
    desk.private |= set(codes)
    return await desk.ask("POST", "/auth/second-factor/verify", {"recovery_code": codes[0]})


@does("POST /v1/auth/second-factor/recovery-codes")
async def renew_codes(desk: Desk) -> httpx.Response:
    await desk.enrol()
    return await desk.ask("POST", "/auth/second-factor/recovery-codes")


@does("DELETE /v1/auth/second-factor")
async def remove_factor(desk: Desk) -> httpx.Response:
    await desk.enrol()
    return await desk.ask("DELETE", "/auth/second-factor")


@does("DELETE /v1/admins/{admin_id}/second-factor")
async def reset_factor(desk: Desk) -> httpx.Response:
    other = await desk.colleague()
    await other.enrol()
    return await desk.ask("DELETE", f"/admins/{other.me.admin_id}/second-factor")


# The catalogue.


async def _operator(desk: Desk) -> str:
    code = f"OP{next(_numbers)}"
    await desk.made("POST", "/operators", {"code": code, "name": code, "display_name": code})
    return code


@does("POST /v1/operators")
async def add_operator(desk: Desk) -> httpx.Response:
    code = f"OP{next(_numbers)}"
    return await desk.ask("POST", "/operators", {"code": code, "name": code, "display_name": code})


@does("PATCH /v1/operators/{operator}")
async def change_operator(desk: Desk) -> httpx.Response:
    return await desk.ask("PATCH", f"/operators/{await _operator(desk)}", {"status": "down"})


@does("DELETE /v1/operators/{operator}")
async def delete_operator(desk: Desk) -> httpx.Response:
    return await desk.ask("DELETE", f"/operators/{await _operator(desk)}")


def _channel() -> dict[str, Any]:
    return {
        "code": f"spare-{next(_numbers)}",
        "operator": "JIO",
        "name": "Spare",
        "url": "https://recharge.example/spare",
        "is_active": False,
    }


@does("POST /v1/channels")
async def add_channel(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/channels", _channel())


@does("PATCH /v1/channels/{channel}")
async def change_channel(desk: Desk) -> httpx.Response:
    made = await desk.made("POST", "/channels", _channel())
    return await desk.ask("PATCH", f"/channels/{made['code']}", {"priority": 20})


@does("DELETE /v1/channels/{channel}")
async def delete_channel(desk: Desk) -> httpx.Response:
    made = await desk.made("POST", "/channels", _channel())
    return await desk.ask("DELETE", f"/channels/{made['code']}")


async def _group(desk: Desk) -> str:
    return str((await desk.made("POST", "/plans/groups", {"name": some_name("Group")}))["group_id"])


async def _plan(desk: Desk) -> dict[str, Any]:
    return {
        "name": some_name("Plan"),
        "operator": "JIO",
        "plan_type": "prepaid",
        "category": "unlimited",
        "price": 299,
        "validity": {"n": 28, "unit": "day"},
        "group_id": await _group(desk),
    }


@does("POST /v1/plans/groups")
async def add_group(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/plans/groups", {"name": some_name("Group")})


@does("PATCH /v1/plans/groups/{group_id}")
async def change_group(desk: Desk) -> httpx.Response:
    return await desk.ask("PATCH", f"/plans/groups/{await _group(desk)}", {"description": "New"})


@does("DELETE /v1/plans/groups/{group_id}")
async def delete_group(desk: Desk) -> httpx.Response:
    return await desk.ask("DELETE", f"/plans/groups/{await _group(desk)}")


@does("POST /v1/plans")
async def add_plan(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/plans", await _plan(desk))


@does("PATCH /v1/plans/{plan_id}")
async def change_plan(desk: Desk) -> httpx.Response:
    made = await desk.made("POST", "/plans", await _plan(desk))
    return await desk.ask("PATCH", f"/plans/{made['plan_id']}", {"price": 319})


@does("DELETE /v1/plans/{plan_id}")
async def delete_plan(desk: Desk) -> httpx.Response:
    made = await desk.made("POST", "/plans", await _plan(desk))
    return await desk.ask("DELETE", f"/plans/{made['plan_id']}")


@does("POST /v1/plans/admin/import")
async def import_plans(desk: Desk) -> httpx.Response:
    group = some_name("Group")
    await desk.made("POST", "/plans/groups", {"name": group})
    sheet = (
        "operator,name,plan_type,category,group,price,validity_count,validity_unit\n"
        f"JIO,{some_name('Plan')},prepaid,unlimited,{group},299,28,day\n"
    )
    return await desk.ask("POST", "/plans/admin/import", content=sheet)


@does("GET /v1/plans/admin/export")
async def export_plans(desk: Desk) -> httpx.Response:
    return await desk.ask("GET", "/plans/admin/export?format=csv")


async def _type(desk: Desk) -> str:
    return str((await desk.made("POST", "/offers/types", {"name": some_name("Type")}))["offer_type_id"])


async def _offer(desk: Desk) -> dict[str, Any]:
    reward = {"discount": {"kind": "flat", "amount": 10}}
    return {"name": some_name("Offer"), "offer_type_id": await _type(desk), "reward": reward}


@does("POST /v1/offers/types")
async def add_offer_type(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/offers/types", {"name": some_name("Type")})


@does("PATCH /v1/offers/types/{offer_type_id}")
async def change_offer_type(desk: Desk) -> httpx.Response:
    return await desk.ask("PATCH", f"/offers/types/{await _type(desk)}", {"description": "New"})


@does("DELETE /v1/offers/types/{offer_type_id}")
async def delete_offer_type(desk: Desk) -> httpx.Response:
    return await desk.ask("DELETE", f"/offers/types/{await _type(desk)}")


@does("POST /v1/offers")
async def add_offer(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", "/offers", await _offer(desk))


@does("PATCH /v1/offers/{offer_id}")
async def change_offer(desk: Desk) -> httpx.Response:
    made = await desk.made("POST", "/offers", await _offer(desk))
    return await desk.ask("PATCH", f"/offers/{made['offer_id']}", {"description": "New"})


@does("DELETE /v1/offers/{offer_id}")
async def delete_offer(desk: Desk) -> httpx.Response:
    made = await desk.made("POST", "/offers", await _offer(desk))
    return await desk.ask("DELETE", f"/offers/{made['offer_id']}")


# Recharges.


async def _recharge(desk: Desk, *, under_way: bool = False) -> str:
    """A customer's recharge, delivered or on its way to the operator: its path."""
    user = await desk.customer()
    await fund(desk.stores, user.user_id, 500)
    operator = "VI" if under_way else "JIO"
    plan, number = await find_plan(desk.stores, operator), await make_number(desk.stores, operator)
    if under_way:
        await reach_over_api(desk.stores, operator, ("vi-nowhere", NOBODY))
    sale = await buy(desk.stores, user.user_id, number, plan.plan_id)
    if under_way:
        await reach_over_api(desk.stores, operator)
    return f"/recharge/admin/{user.user_id}/{sale.answer.subscription_id}"


@does("POST /v1/recharge/admin/{user_id}/{recharge_id}/refund")
async def take_back(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", f"{await _recharge(desk)}/refund", REASON)


@does("POST /v1/recharge/admin/{user_id}/{recharge_id}/resolve")
async def resolve(desk: Desk) -> httpx.Response:
    path = await _recharge(desk, under_way=True)
    return await desk.ask("POST", f"{path}/resolve", REASON | {"outcome": "delivered"})


# Payments.


@does("POST /v1/payments/admin/{user_id}/{payment_id}/refunds")
async def send_back(desk: Desk) -> httpx.Response:
    user = await desk.customer()
    await fund(desk.stores, user.user_id, 500)
    payment = Payment(
        user_id=user.user_id,
        payment_id=new_id(),
        purpose="topup",
        amount=50_000,
        method="upi",
        source="web",
        status="captured",
        gateway="razorpay",
        order_id=f"order_{secrets.token_hex(7)}",
        gateway_payment_id=f"pay_{secrets.token_hex(7)}",
        idempotency_key="payment",
        request_hash=b"",
    )

    async def unit(db: AsyncSession) -> None:
        db.add(payment)

    await desk.stores.database.run(unit)
    path = f"/payments/admin/{user.user_id}/{payment.payment_id}/refunds"
    return await desk.ask("POST", path, REASON | {"amount": 100})


# Webhooks that we send.


async def _endpoint(desk: Desk) -> str:
    body = {"url": "https://partner.example/hooks", "events": ["recharge.*"]}
    made = await desk.made("POST", "/webhooks/endpoints", body)
    desk.private.add(made["secret"])
    return f"/webhooks/endpoints/{made['endpoint_id']}"


@does("POST /v1/webhooks/endpoints")
async def add_endpoint(desk: Desk) -> httpx.Response:
    body = {"url": "https://partner.example/hooks", "events": ["recharge.*"]}
    return await desk.ask("POST", "/webhooks/endpoints", body)


@does("PATCH /v1/webhooks/endpoints/{endpoint_id}")
async def change_endpoint(desk: Desk) -> httpx.Response:
    return await desk.ask("PATCH", await _endpoint(desk), {"is_active": False})


@does("DELETE /v1/webhooks/endpoints/{endpoint_id}")
async def delete_endpoint(desk: Desk) -> httpx.Response:
    return await desk.ask("DELETE", await _endpoint(desk))


@does("POST /v1/webhooks/endpoints/{endpoint_id}/rotate-secret")
async def rotate_secret(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", f"{await _endpoint(desk)}/rotate-secret")


@does("POST /v1/webhooks/endpoints/{endpoint_id}/test")
async def send_test_event(desk: Desk) -> httpx.Response:
    return await desk.ask("POST", f"{await _endpoint(desk)}/test")


@does("POST /v1/webhooks/deliveries/{delivery_id}/redeliver")
async def redeliver(desk: Desk) -> httpx.Response:
    tested = await desk.made("POST", f"{await _endpoint(desk)}/test")
    return await desk.ask("POST", f"/webhooks/deliveries/{tested['delivery_id']}/redeliver")


# Money.


async def _correction(desk: Desk) -> str:
    body = {
        "user_id": str((await desk.customer()).user_id),
        "direction": "credit",
        "amount": 10,
        "reason": "goodwill",
        "note": "was cut off twice",
    }
    made = await desk.made("POST", "/wallet/admin/adjustments", body)
    return f"/wallet/admin/adjustments/{made['user_id']}/{made['adjustment_id']}"


@does("POST /v1/wallet/admin/adjustments")
async def ask_for_correction(desk: Desk) -> httpx.Response:
    body = {"direction": "credit", "amount": 10, "reason": "goodwill", "note": "was cut off twice"}
    user = await desk.customer()
    return await desk.ask("POST", "/wallet/admin/adjustments", {**body, "user_id": str(user.user_id)})


def _deciding(act: str, *, own: bool = False) -> Action:
    async def run(desk: Desk) -> httpx.Response:
        path = await _correction(desk if own else await desk.colleague())
        return await desk.ask("POST", f"{path}/{act}", {"note": "was checked"})

    return run


_ADJUSTMENT: Final = "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}"
ACTIONS |= {
    f"{_ADJUSTMENT}/approve": _deciding("approve"),
    f"{_ADJUSTMENT}/reject": _deciding("reject"),
    f"{_ADJUSTMENT}/cancel": _deciding("cancel", own=True),
}


@does("POST /v1/reconciliation/runs")
async def start_reconciliation(desk: Desk) -> httpx.Response:
    wanted = {"counterparty": "gateway:razorpay", "day": "2026-01-02"}
    return await desk.ask("POST", "/reconciliation/runs", wanted)


@does("POST /v1/reconciliation/runs/{run_id}/differences/{difference_id}/resolve")
async def resolve_difference(desk: Desk) -> httpx.Response:
    run = (
        await desk.made(
            "POST", "/reconciliation/runs", {"counterparty": "gateway:razorpay", "day": "2026-01-02"}
        )
    )["run_id"]
    difference_id = new_id()

    async def find_one(db: AsyncSession) -> None:
        db.add(
            ReconciliationDifference(
                run_id=UUID(run),
                difference_id=difference_id,
                counterparty="gateway:razorpay",
                day=date(2026, 1, 2),
                kind="extra_row",
                reference=some_name("pay"),
                theirs_paise=100,
                detail={},
                proposed_resolution="claim_from_counterparty",
                status="open",
            )
        )

    await desk.stores.database.run(find_one)
    path = f"/reconciliation/runs/{run}/differences/{difference_id}/resolve"
    return await desk.ask("POST", path, {"resolution": "none", "note": "was checked"})
