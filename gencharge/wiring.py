"""The only file that knows every room: their routes, who listens to which event, which jobs run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from gencharge.admins import grants_loop
from gencharge.admins import routes as admins_routes
from gencharge.audit import jobs as audit_jobs
from gencharge.audit import service as audit
from gencharge.audit import staff_routes as audit_routes
from gencharge.auth import context, staff_routes
from gencharge.auth import personal_data as auth_personal
from gencharge.auth import routes as auth_routes
from gencharge.auth import second_factor_service as second_factor
from gencharge.channels import staff_routes as fulfilment_routes
from gencharge.core.background.jobs import Job
from gencharge.core.events.events import Listener
from gencharge.core.rooms import checks, snapshots
from gencharge.core.rooms.checks import Check
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.delivery import loop as dispatch
from gencharge.delivery import routes as callbacks
from gencharge.notifications import alert_listeners
from gencharge.notifications import personal_data as notifications_personal
from gencharge.notifications import routes as notifications_routes
from gencharge.notifications import service as notifications
from gencharge.offers import routes as offers_routes
from gencharge.offers import service as offers
from gencharge.operators import personal_data as operators_personal
from gencharge.operators import routes as operators_routes
from gencharge.operators import service as operators
from gencharge.payments import checks as payments_checks
from gencharge.payments import context as payments_desk
from gencharge.payments import loop as keeper
from gencharge.payments import personal_data as payments_personal
from gencharge.payments import routes as payments_routes
from gencharge.payments import webhook_routes as payments_webhooks
from gencharge.plans import file_routes as plans_file_routes
from gencharge.plans import listeners as plans_cached
from gencharge.plans import routes as plans_routes
from gencharge.plans import service as plans
from gencharge.plans import staff_routes as plans_admin_routes
from gencharge.receipts import routes as receipt_routes
from gencharge.recharge import checks as recharge_checks
from gencharge.recharge import jobs as recharge_jobs
from gencharge.recharge import listeners
from gencharge.recharge import personal_data as recharge_personal
from gencharge.recharge import routes as recharge_routes
from gencharge.recharge import staff_routes as recharge_staff
from gencharge.reconciliation import checks as reconciliation_checks
from gencharge.reconciliation import jobs as reconciliation_jobs
from gencharge.reconciliation import staff_routes as reconciliation_routes
from gencharge.sessions import jobs as sessions_jobs
from gencharge.sessions import personal_data as sessions_personal
from gencharge.sessions import revocation_loop
from gencharge.users import jobs as users_jobs
from gencharge.users import personal_data as users_personal
from gencharge.users import routes as users_routes
from gencharge.users import staff_routes as users_staff
from gencharge.wallet import checks as wallet_checks
from gencharge.wallet import jobs as wallet_jobs
from gencharge.wallet import personal_data as wallet_personal
from gencharge.wallet import routes as wallet_routes
from gencharge.webhooks import documentation_routes
from gencharge.webhooks import jobs as webhooks_jobs
from gencharge.webhooks import loop as courier
from gencharge.webhooks import outgoing_service as outgoing
from gencharge.webhooks import staff_routes as webhooks_routes

# The routes that are asked most stand first: the router tries them in this order.
ROUTERS: Sequence[APIRouter] = (
    plans_routes.router,
    recharge_routes.hot,
    wallet_routes.hot,
    payments_webhooks.router,
    offers_routes.router,
    recharge_routes.router,
    receipt_routes.router,
    callbacks.router,
    recharge_staff.router,
    wallet_routes.router,
    payments_routes.of_wallet,
    payments_routes.router,
    plans_file_routes.router,
    plans_admin_routes.router,
    plans_routes.single,
    auth_routes.router,
    users_routes.router,
    users_staff.router,
    staff_routes.router,
    staff_routes.of_sessions,
    staff_routes.of_admins,
    admins_routes.router,
    admins_routes.roles,
    operators_routes.router,
    fulfilment_routes.router,
    reconciliation_routes.router,
    notifications_routes.router,
    webhooks_routes.router,
    audit_routes.router,
)
LISTENERS: Sequence[Listener] = (
    snapshots.TELL_PROCESSES,
    plans_cached.DROP_CACHED,
    notifications.NOTICES,
    alert_listeners.STAFF_ALERTS,
    audit.ENTRIES,
    outgoing.MESSAGES_OUT,
    listeners.PAID,
    listeners.UNPAID,
    second_factor.FORGET_FACTORS,
)
# What `gencharge ledger verify` and the nightly job check.
CHECKS: Sequence[Check] = (
    *wallet_checks.CHECKS,
    *recharge_checks.CHECKS,
    *payments_checks.CHECKS,
    *reconciliation_checks.CHECKS,
)
# What each room holds about a customer: for exporting, closing and erasing an account.
PERSONAL_DATA: Sequence[PersonalData] = (
    users_personal.PART,
    operators_personal.PART,
    sessions_personal.PART,
    wallet_personal.PART,
    payments_personal.PART,
    recharge_personal.PART,
    notifications_personal.PART,
    auth_personal.PART,
)
JOBS: Sequence[Job] = (
    checks.nightly(CHECKS),
    *recharge_jobs.JOBS,
    *reconciliation_jobs.JOBS,
    *wallet_jobs.JOBS,
    *sessions_jobs.JOBS,
    users_jobs.erasing(PERSONAL_DATA),
    *audit_jobs.JOBS,
    *webhooks_jobs.JOBS,
)
# Tasks that run as long as a worker process does.
LOOPS: Sequence[Callable[[Stores], Coroutine[Any, Any, None]]] = (
    dispatch.dispatch,
    keeper.keep,
    courier.deliver_webhooks,
)
# Tasks that run as long as an API process does: they keep what it holds in memory up to date.
WATCHERS: Sequence[Callable[[FastAPI, Stores], Coroutine[Any, Any, None]]] = (
    revocation_loop.watch_revocations,
    grants_loop.watch_roles,
    context.watch_desk,
    plans.watch_catalogue,
    offers.watch_offers,
    operators.watch_operators,
    payments_desk.watch_gateway,
)
# What we send to integrators, as OpenAPI describes it.
WEBHOOKS: APIRouter = documentation_routes.describe()
# Paths that take files, and how many bytes at most; all others take MAX_BODY_BYTES.
LARGE_BODIES: Mapping[str, int] = {**plans_file_routes.LARGE_BODIES}
# In the order in which a newcomer meets them; `/docs` shows them so.
TAGS: list[dict[str, str]] = [
    {"name": "auth", "description": "Signing up, signing in with an OTP, staying signed in, signing out."},
    {"name": "users", "description": "Customers."},
    {"name": "admins", "description": "The staff, their roles and operators."},
    {"name": "roles", "description": "Roles and what they allow."},
    {"name": "sessions", "description": "Where users and admins are signed in, as the staff sees it."},
    {"name": "operators", "description": "Operators, circles, and whose number it is."},
    {"name": "fulfilment", "description": "Over which channels operators are reached."},
    {"name": "plans", "description": "What is on sale: plans and their groups."},
    {"name": "offers", "description": "Discounts and cashbacks: which hold now, for whom, and their types."},
    {"name": "wallet", "description": "The balance and what moved it."},
    {
        "name": "payments",
        "description": "Money through the gateway: top-ups, refunds, the gateway's webhooks.",
    },
    {"name": "recharge", "description": "Quotes, recharges, bought plans, receipts."},
    {
        "name": "webhooks",
        "description": "What integrators are told: endpoints, what was sent, sending it again.",
    },
    {
        "name": "reconciliation",
        "description": "Statements of the gateway and the operators against our books.",
    },
    {"name": "audit-logs", "description": "Who did what to what, from where, and how it went."},
    {"name": "notifications", "description": "My inbox: what happened to my money, plans and sign-ins."},
]
