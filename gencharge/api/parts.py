"""The parts in which the document of the API is sent: each small enough to be read and generated from (decision 0048)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gencharge.core.http.short_document import for_customers, for_staff

# Rooms, by their tags, in which the staff run the house. In all others they deal with customers and with what is sold.
RUNNING: Final = frozenset(
    {
        "admins",
        "analytics",
        "approvals",
        "audit-logs",
        "auth",
        "backups",
        "channels",
        "messages",
        "operators",
        "reconciliation",
        "reports",
        "roles",
        "search",
        "sessions",
        "velocity",
        "webhooks",
    }
)
Json = dict[str, Any]


def _of_customers_affairs(document: Json) -> Json:
    return for_staff(document, lambda tag: tag not in RUNNING)


def _of_running(document: Json) -> Json:
    return for_staff(document, lambda tag: tag in RUNNING)


# By address: what it takes of the whole document. Every operation is in exactly one.
PARTS: Final[dict[str, Callable[[Json], Json]]] = {
    "/openapi.json": for_customers,
    "/openapi-staff.json": _of_customers_affairs,
    "/openapi-running.json": _of_running,
}
# Where the first one was before it became the first.
EARLIER: Final = {"/openapi/customers.json": "/openapi.json"}
