"""Step-up: what the staff can't take back, or what opens doors, wants a second factor given just now.

Each route that the staff may write to stands in one of two lists: here, or in `WITHOUT` with the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache

from fastapi import APIRouter, Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from gencharge.api.main import create_app
from gencharge.core.http import web
from gencharge.core.settings import Settings
from gencharge.sessions.guards import Action, Guard, Principal, Requires, Resource

READS = frozenset({"GET", "HEAD"})
OWN_FACTOR = "gives, or sets up, the very factor that a step-up asks for"
TAKES_AWAY = "only takes access away, and must not wait when an account is in the wrong hands"
SHOP_WINDOW = "shows or groups what is sold, and changes no price"
RESENDS = "sends what was meant for the same people once more"
INBOX = "the admin's own inbox, and where it is announced"
ENQUIRY = "an answer to a customer, which moves nothing"
TAKEN_OVER = "says who works on it, and moves nothing"
NOTE = "what the staff say about a customer among themselves, which moves nothing"
DRAFT = "nobody but the staff sees it until it is published or sent, which wants the step-up"
WITHOUT = {
    "POST /v1/auth/logout": TAKES_AWAY,
    "DELETE /v1/auth/sessions": TAKES_AWAY,
    "DELETE /v1/auth/sessions/{session_id}": TAKES_AWAY,
    "DELETE /v1/sessions/{owner_id}": TAKES_AWAY,
    "DELETE /v1/sessions/{owner_id}/{session_id}": TAKES_AWAY,
    "POST /v1/users/{user_id}/block": TAKES_AWAY,
    "POST /v1/users/{user_id}/deactivate": TAKES_AWAY,
    "POST /v1/users/{user_id}/unblock": "the customer still signs in with their own code",
    "POST /v1/users/{user_id}/reactivate": "the customer does the same by signing in",
    "POST /v1/users/{user_id}/switch-type": "says how a number is billed; the next switch takes it back",
    "POST /v1/users/{user_id}/notes": NOTE,
    "DELETE /v1/users/{user_id}/notes/{note_id}": NOTE,
    "PATCH /v1/users/{user_id}": "changes the name that is shown, and nothing that anybody signs in with",
    "PATCH /v1/admins/me": "changes the name that is shown, and nothing that anybody signs in with",
    "POST /v1/auth/second-factor/setup": OWN_FACTOR,
    "POST /v1/auth/second-factor/confirm": OWN_FACTOR,
    "POST /v1/auth/second-factor/otp": OWN_FACTOR,
    "POST /v1/auth/second-factor/verify": OWN_FACTOR,
    "POST /v1/plans/groups": SHOP_WINDOW,
    "PATCH /v1/plans/groups/{group_id}": SHOP_WINDOW,
    "DELETE /v1/plans/groups/{group_id}": SHOP_WINDOW,
    "POST /v1/offers/types": SHOP_WINDOW,
    "PATCH /v1/offers/types/{offer_type_id}": SHOP_WINDOW,
    "DELETE /v1/offers/types/{offer_type_id}": SHOP_WINDOW,
    "DELETE /v1/plans/{plan_id}": "removes a draft; a plan that was on sale is refused",
    "DELETE /v1/offers/{offer_id}": "removes a draft; an offer that was published is refused",
    "POST /v1/reconciliation/runs": "compares statements and proposes; resolving a difference wants the step-up",
    "POST /v1/webhooks/deliveries/{delivery_id}/redeliver": "sends the same message to the same address again",
    "POST /v1/webhooks/endpoints/{endpoint_id}/test": "sends a test message, without data, to a known address",
    "DELETE /v1/webhooks/endpoints/{endpoint_id}": TAKES_AWAY,
    "POST /v1/reports/files": "takes no more than the same admin may read",
    "POST /v1/reports/schedules": "each recipient gets no more than they may read themselves",
    "DELETE /v1/reports/schedules/{report_schedule_id}": "ends what the same admin asked for",
    "POST /v1/reports/files/{report_file_id}/cancel": "stops what the same admin asked for",
    "POST /v1/reports/files/{report_file_id}/link": "leads to what the same admin may read, for an hour",
    "POST /v1/content/admin": DRAFT,
    "POST /v1/content/admin/images": DRAFT,
    "POST /v1/content/admin/{content_id}/editions": DRAFT,
    "POST /v1/content/admin/{content_id}/editions/{edition}/restore": DRAFT,
    "PATCH /v1/content/admin/{content_id}": "moves a text that was published with the step-up; the next change takes it back",
    "DELETE /v1/content/admin/{content_id}": "takes a text away, and must not wait when it is wrong",
    "POST /v1/content/admin/{content_id}/unpublish": "takes a text away, and must not wait when it is wrong",
    "DELETE /v1/content/admin/images/{image_id}": "takes a picture away that no text shows",
    "POST /v1/messages/parked/resend": RESENDS,
    "POST /v1/messages/parked/{message_id}/resend": RESENDS,
    "POST /v1/announcements": DRAFT,
    "PATCH /v1/announcements/{announcement_id}": DRAFT,
    "DELETE /v1/announcements/{announcement_id}": DRAFT,
    "POST /v1/notifications/admin/templates/{kind}/{language}/editions": DRAFT,
    "POST /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/restore": DRAFT,
    "POST /v1/notifications/admin/templates/{kind}/{language}/editions/{edition}/test": "sends to the admin alone",
    "PUT /v1/devices/mobile": INBOX,
    "PUT /v1/devices/web": INBOX,
    "DELETE /v1/devices/{device_id}": INBOX,
    "PUT /v1/work/assignee": TAKEN_OVER,
    "PUT /v1/complaints/admin/{user_id}/{complaint_id}/assignee": TAKEN_OVER,
    "PATCH /v1/contact/admin/{enquiry_id}": ENQUIRY,
    "PUT /v1/contact/admin/{enquiry_id}/assignee": ENQUIRY,
    "POST /v1/contact/admin/{enquiry_id}/notes": ENQUIRY,
    "POST /v1/contact/admin/{enquiry_id}/replies": ENQUIRY,
    "POST /v1/contact/admin/{enquiry_id}/resolution": ENQUIRY,
    "POST /v1/contact/admin/{enquiry_id}/reopen": ENQUIRY,
    "POST /v1/notifications/viewed-all": INBOX,
    "POST /v1/notifications/{notification_id}/viewed": INBOX,
    "DELETE /v1/notifications/{notification_id}": INBOX,
}
STEP_UP = {
    "POST /v1/complaints/admin/{user_id}/{complaint_id}/resolve",
    # Runs again what was stopped, and takes off the list what may be a loss.
    "POST /v1/work/reruns",
    "POST /v1/work/closings",
    # Charges customers, as the workers do.
    "POST /v1/autopay/process-due",
    # How somebody signs in, and what they may do.
    "PUT /v1/users/{user_id}/email",
    "PUT /v1/users/{user_id}/phone-number",
    "PUT /v1/admins/me/email",
    "POST /v1/admins/me/email/confirm",
    "POST /v1/admins",
    "PATCH /v1/admins/{admin_id}",
    "DELETE /v1/admins/{admin_id}",
    "POST /v1/admins/{admin_id}/block",
    "POST /v1/admins/{admin_id}/unblock",
    "PUT /v1/admins/{admin_id}/role",
    "DELETE /v1/admins/{admin_id}/second-factor",
    "DELETE /v1/auth/second-factor",
    "POST /v1/auth/second-factor/recovery-codes",
    "POST /v1/roles",
    "PUT /v1/roles/{role_id}",
    "DELETE /v1/roles/{role_id}",
    # Customers' accounts and data.
    "DELETE /v1/users/{user_id}",
    "GET /v1/users/{user_id}/export",
    "PUT /v1/users/{user_id}/kyc-tier",
    "POST /v1/users/{user_id}/kyc-requests/{kyc_request_id}/approve",
    "POST /v1/users/{user_id}/kyc-requests/{kyc_request_id}/reject",
    "POST /v1/users/{user_id}/open-sign-in",
    # What a colleague asked for.
    "POST /v1/approvals/{approval_id}/approve",
    "POST /v1/approvals/{approval_id}/reject",
    "POST /v1/approvals/{approval_id}/cancel",
    "POST /v1/admins/{admin_id}/open-sign-in",
    # Prices, and who delivers.
    "POST /v1/plans",
    "PATCH /v1/plans/{plan_id}",
    "POST /v1/plans/admin/import",
    "POST /v1/offers",
    "POST /v1/offers/{offer_id}/codes",
    "PATCH /v1/offers/{offer_id}",
    "POST /v1/operators",
    "PATCH /v1/operators/{operator}",
    "DELETE /v1/operators/{operator}",
    "POST /v1/channels",
    "PATCH /v1/channels/{channel}",
    "POST /v1/channels/{channel}/address/approve",
    "POST /v1/channels/{channel}/address/reject",
    "POST /v1/channels/{channel}/rotate-secrets",
    "DELETE /v1/channels/{channel}",
    # What everybody reads, and what is gone for good.
    "DELETE /v1/contact/admin/{enquiry_id}",
    "POST /v1/content/admin/{content_id}/publish",
    "POST /v1/notifications/admin/templates/{kind}/{language}/publish",
    "POST /v1/announcements/{announcement_id}/send",
    "POST /v1/announcements/{announcement_id}/cancel",
    # All data at once.
    "POST /v1/backups",
    "POST /v1/backups/runs/{backup_run_id}/cancel",
    "DELETE /v1/backups/{backup}",
    "DELETE /v1/backups/databases/{database}",
    "POST /v1/backups/{backup}/link",
    "POST /v1/backups/{backup}/restore",
    "POST /v1/backups/{backup}/verify",
    # Money, and who hears of it.
    "POST /v1/campaigns",
    "POST /v1/campaigns/{campaign_id}/cancel",
    "PUT /v1/campaigns/{campaign_id}/budget",
    "POST /v1/referrals/admin/{user_id}/{reward_id}/hold",
    "POST /v1/referrals/admin/{user_id}/{reward_id}/reject",
    "POST /v1/referrals/admin/{user_id}/{reward_id}/release",
    "POST /v1/velocity/allowances",
    "DELETE /v1/velocity/allowances/{allowance_id}",
    "POST /v1/wallet/admin/adjustments",
    "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}/approve",
    "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}/cancel",
    "POST /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}/reject",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/refund",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/start",
    "PUT /v1/recharge/admin/plans/queue",
    "POST /v1/recharge/admin/bulk-refunds",
    "POST /v1/recharge/admin/{user_id}/{recharge_id}/resolve",
    "POST /v1/payments/admin/{user_id}/{payment_id}/refunds",
    "PUT /v1/payouts/admin/{user_id}/{payout_id}/payee",
    "POST /v1/payouts/admin/{user_id}/{payout_id}/settle",
    "POST /v1/reconciliation/runs/{run_id}/differences/{difference_id}/resolve",
    "POST /v1/reconciliation/bulk-resolutions",
    "POST /v1/webhooks/endpoints",
    "PATCH /v1/webhooks/endpoints/{endpoint_id}",
    "POST /v1/webhooks/endpoints/{endpoint_id}/rotate-secret",
}


@lru_cache
def application() -> FastAPI:
    """The whole application, which is only looked at."""
    return create_app(Settings(_env_file=None))  # type: ignore[call-arg]


def undecided(routes: list[APIRoute]) -> Iterator[str]:
    """Routes that the staff may write to, without a step-up and without a reason."""
    for method, route in _staff_routes(routes):
        name = f"{method} {route.path}"
        if not _wants_step_up(route) and method not in READS and name not in WITHOUT:
            yield (
                f"{name} lets the staff change something without a second factor of the last minutes. Give its guard "
                "step_up=True (and list STEP_UP_ERRORS), or write the reason into WITHOUT in tests/law/test_step_up.py"
            )


def test_each_route_that_the_staff_write_to_wants_a_step_up_or_has_a_reason() -> None:
    assert not list(undecided(_routes()))


def test_the_routes_that_want_a_step_up_are_these() -> None:
    routes = {f"{method} {route.path}" for method, route in _staff_routes(_routes()) if _wants_step_up(route)}
    assert routes == STEP_UP, "a route that no longer wants one is a hole; a new one is added to STEP_UP"


def test_a_reason_belongs_to_a_route_without_a_step_up() -> None:
    routes = {f"{method} {route.path}" for method, route in _staff_routes(_routes())}
    assert WITHOUT.keys() <= routes - STEP_UP


def test_a_new_route_is_found_by_its_guard() -> None:
    router: APIRouter = web.router("cellar")

    for name, guard in (
        ("dig", Requires(Resource.BACKUPS, Action.WRITE)),
        ("grate", Requires(Resource.BACKUPS, Action.WRITE, step_up=True)),
        ("enter", Guard("user")),
    ):
        router.add_api_route(f"/{name}", _guarded(guard), methods=["POST"])
    problems = list(undecided([route for route in router.routes if isinstance(route, APIRoute)]))
    assert len(problems) == 1
    assert problems[0].startswith("POST /v1/cellar/dig lets the staff change something")


def _guarded(guard: Guard) -> Callable[[Principal], Awaitable[None]]:
    async def act(principal: Principal = Depends(guard)) -> None:
        del principal

    return act


def _routes() -> list[APIRoute]:
    return [route for route in application().routes if isinstance(route, APIRoute)]


def _staff_routes(routes: list[APIRoute]) -> Iterator[tuple[str, APIRoute]]:
    for route in routes:
        if any(guard._kind != "user" for guard in _guards(route.dependant)):
            for method in sorted(route.methods or ()):
                yield method, route


def _wants_step_up(route: APIRoute) -> bool:
    return any(getattr(guard, "step_up", False) for guard in _guards(route.dependant))


def _guards(dependant: Dependant) -> Iterator[Guard]:
    for part in dependant.dependencies:
        if isinstance(part.call, Guard):
            yield part.call
        yield from _guards(part)
