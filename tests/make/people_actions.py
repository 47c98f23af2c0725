"""How the staff act on customers, sessions, admins, roles and second factors."""

from __future__ import annotations

import io
import secrets
from typing import Any

import httpx
import pyotp

from gencharge.auth.context import AuthContext
from gencharge.auth.crud import add_failure
from gencharge.core.messenger import Console
from gencharge.core.values import clock
from gencharge.users import kyc_service as kyc
from gencharge.users.kyc_models import KycDocument
from gencharge.users.kyc_schemas import RequestKyc
from tests.make.factories import new_phone, sign_in
from tests.make.staff_client import ACTIONS, REASON, Action, StaffClient, does, some_name

# Customers.


_EMAIL = {"email": f"{secrets.token_hex(6)}@example.com"}
_NUMBER = {"phone_number": new_phone()}
NOTE = "Quarrels with his brother about the number"


def _of_a_customer(method: str, act: str, body: Any, *before: tuple[str, Any]) -> Action:
    async def run(staff: StaffClient) -> httpx.Response:
        path = f"/users/{(await staff.customer()).user_id}"
        for done, with_body in before:
            await staff.ask_json("POST", f"{path}/{done}", with_body)
        return await staff.ask(method, path + act, body)

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
    "PUT /v1/users/{user_id}/email": _of_a_customer("PUT", "/email", _EMAIL | REASON),
    "PUT /v1/users/{user_id}/phone-number": _of_a_customer("PUT", "/phone-number", _NUMBER | REASON),
    "PUT /v1/users/{user_id}/kyc-tier": _of_a_customer("PUT", "/kyc-tier", {"tier": "full", **REASON}),
    "GET /v1/users/{user_id}/export": _of_a_customer("GET", "/export", None),
}


async def _kyc_request(staff: StaffClient) -> str:
    """A customer's request for the full tier: its path."""
    user = await staff.customer()
    asked = await staff.stores.database.run(
        lambda db: kyc.request(db, user.user_id, RequestKyc(document=KycDocument.PASSPORT))
    )
    return f"/users/{user.user_id}/kyc-requests/{asked.kyc_request_id}"


@does("POST /v1/users/{user_id}/kyc-requests/{kyc_request_id}/approve")
async def approve_kyc(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _kyc_request(staff)}/approve", {"evidence": "passport seen"})


@does("POST /v1/users/{user_id}/kyc-requests/{kyc_request_id}/reject")
async def reject_kyc(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", f"{await _kyc_request(staff)}/reject", REASON)


# Notes about customers.


async def _note(staff: StaffClient, path: str) -> httpx.Response:
    return await staff.ask("POST", path, {"text": NOTE})


@does("POST /v1/users/{user_id}/notes")
async def write_note(staff: StaffClient) -> httpx.Response:
    staff.private |= {NOTE}
    return await _note(staff, f"/users/{(await staff.customer()).user_id}/notes")


@does("DELETE /v1/users/{user_id}/notes/{note_id}")
async def take_note_back(staff: StaffClient) -> httpx.Response:
    path = f"/users/{(await staff.customer()).user_id}/notes"
    note_id = (await _note(staff, path)).json()["note_id"]
    return await staff.ask("DELETE", f"{path}/{note_id}")


# Numbers that wrong codes have locked.


async def _open(staff: StaffClient, path: str, phone_number: str) -> httpx.Response:
    await staff.stores.database.run(lambda db: add_failure(db, phone_number, "", now=clock.now()))
    return await staff.ask("POST", f"{path}/open-sign-in", REASON)


@does("POST /v1/users/{user_id}/open-sign-in")
async def open_customer(staff: StaffClient) -> httpx.Response:
    user = await staff.customer()
    return await _open(staff, f"/users/{user.user_id}", user.phone_number)


@does("POST /v1/admins/{admin_id}/open-sign-in")
async def open_admin(staff: StaffClient) -> httpx.Response:
    admin = await staff.someone()
    return await _open(staff, f"/admins/{admin.admin_id}", admin.phone_number)


# Sessions: one's own, and others'.


@does("POST /v1/auth/logout")
async def leave(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/auth/logout")


async def _my_other_session(staff: StaffClient) -> str:
    await sign_in(staff.app, staff.admin)
    page = await staff.ask_json("GET", "/auth/sessions")
    return str(next(one["session_id"] for one in page["items"] if not one["current"]))


@does("DELETE /v1/auth/sessions")
async def end_my_other_sessions(staff: StaffClient) -> httpx.Response:
    await _my_other_session(staff)
    return await staff.ask("DELETE", "/auth/sessions")


@does("DELETE /v1/auth/sessions/{session_id}")
async def end_my_other_session(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", f"/auth/sessions/{await _my_other_session(staff)}")


@does("DELETE /v1/sessions/{owner_id}")
async def end_sessions(staff: StaffClient) -> httpx.Response:
    user = await staff.customer()
    await staff.signed_in(user)
    return await staff.ask("DELETE", f"/sessions/{user.user_id}")


@does("DELETE /v1/sessions/{owner_id}/{session_id}")
async def end_session(staff: StaffClient) -> httpx.Response:
    user = await staff.customer()
    return await staff.ask("DELETE", f"/sessions/{user.user_id}/{await staff.signed_in(user)}")


# The staff.


@does("PATCH /v1/admins/me")
async def change_me(staff: StaffClient) -> httpx.Response:
    return await staff.ask("PATCH", "/admins/me", {"name": "Meera Nair"})


@does("PUT /v1/admins/me/email")
async def begin_my_email(staff: StaffClient) -> httpx.Response:
    email = f"{secrets.token_hex(6)}@example.com"
    staff.private |= {email}
    return await staff.ask("PUT", "/admins/me/email", {"email": email})


@does("POST /v1/admins/me/email/confirm")
async def confirm_my_email(staff: StaffClient) -> httpx.Response:
    context = AuthContext.of(staff.app)
    channel, stream = context.courier.channel, io.StringIO()
    context.courier.channel = Console(stream)
    await begin_my_email(staff)
    await context.courier.drain()
    context.courier.channel = channel
    code = stream.getvalue().partition("] ")[2][:6]
    return await staff.ask("POST", "/admins/me/email/confirm", {"otp": code})


@does("POST /v1/admins")
async def appoint(staff: StaffClient) -> httpx.Response:
    body = {
        "name": "Meera Nair",
        "email": f"{secrets.token_hex(6)}@example.com",
        "phone_number": new_phone(),
        "role": "Viewer",
    }
    staff.private |= {body["email"], body["phone_number"]}
    return await staff.ask("POST", "/admins", body)


def _of_an_admin(method: str, act: str, body: Any, *before: tuple[str, Any]) -> Action:
    async def run(staff: StaffClient) -> httpx.Response:
        path = f"/admins/{(await staff.someone()).admin_id}"
        for done, with_body in before:
            await staff.ask_json("POST", f"{path}/{done}", with_body)
        return await staff.ask(method, path + act, body)

    return run


ACTIONS |= {
    "PATCH /v1/admins/{admin_id}": _of_an_admin("PATCH", "", {"name": "Meera Nair"}),
    "DELETE /v1/admins/{admin_id}": _of_an_admin("DELETE", "", None),
    "PUT /v1/admins/{admin_id}/role": _of_an_admin(
        "PUT", "/role", {"role": "Viewer", "operator_scope": ["JIO"]}
    ),
    "POST /v1/admins/{admin_id}/block": _of_an_admin("POST", "/block", REASON),
    "POST /v1/admins/{admin_id}/unblock": _of_an_admin("POST", "/unblock", None, ("block", REASON)),
}


async def _role(staff: StaffClient) -> tuple[str, dict[str, Any]]:
    body = {"name": some_name("Clerk"), "description": "Files things.", "permissions": ["Plans:read"]}
    return f"/roles/{(await staff.ask_json('POST', '/roles', body))['role_id']}", body


@does("POST /v1/roles")
async def make_role(staff: StaffClient) -> httpx.Response:
    return await staff.ask(
        "POST", "/roles", {"name": some_name("Clerk"), "description": "", "permissions": []}
    )


@does("PUT /v1/roles/{role_id}")
async def replace_role(staff: StaffClient) -> httpx.Response:
    path, body = await _role(staff)
    return await staff.ask("PUT", path, body | {"permissions": ["Plans:read", "Offers:read"]})


@does("DELETE /v1/roles/{role_id}")
async def delete_role(staff: StaffClient) -> httpx.Response:
    return await staff.ask("DELETE", (await _role(staff))[0])


# The second factor.


@does("POST /v1/auth/second-factor/setup")
async def set_up_factor(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/auth/second-factor/setup")


@does("POST /v1/auth/second-factor/confirm")
async def confirm_factor(staff: StaffClient) -> httpx.Response:
    secret = (await staff.ask_json("POST", "/auth/second-factor/setup"))["secret"]
    return await staff.ask("POST", "/auth/second-factor/confirm", {"code": pyotp.TOTP(secret).now()})


@does("POST /v1/auth/second-factor/otp")
async def send_otp(staff: StaffClient) -> httpx.Response:
    return await staff.ask("POST", "/auth/second-factor/otp")


@does("POST /v1/auth/second-factor/verify")
async def verify_factor(staff: StaffClient) -> httpx.Response:
    await staff.enrol()
    codes = (await staff.ask_json("POST", "/auth/second-factor/recovery-codes"))["recovery_codes"]
    staff.private |= set(codes)
    return await staff.ask("POST", "/auth/second-factor/verify", {"recovery_code": codes[0]})


@does("POST /v1/auth/second-factor/recovery-codes")
async def renew_codes(staff: StaffClient) -> httpx.Response:
    await staff.enrol()
    return await staff.ask("POST", "/auth/second-factor/recovery-codes")


@does("DELETE /v1/auth/second-factor")
async def remove_factor(staff: StaffClient) -> httpx.Response:
    await staff.enrol()
    return await staff.ask("DELETE", "/auth/second-factor")


@does("DELETE /v1/admins/{admin_id}/second-factor")
async def reset_factor(staff: StaffClient) -> httpx.Response:
    other = await staff.colleague()
    await other.enrol()
    return await staff.ask("DELETE", f"/admins/{other.admin.admin_id}/second-factor")
