"""Which of the staff's routes the console uses, by what its sources ask of the API. What has no page is a list that only gets shorter."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.access.table import ROUTES
from tests.test_web_pages import CONSOLE

# `api.GET("/v1/...")` and `api.POST(`${BASE}/...`)`, with what may stand between.
_CALL = re.compile(r"""api\s*\.\s*(GET|POST|PUT|PATCH|DELETE)\(\s*(?:"([^"]+)"|`([^`]+)`|([A-Z]+)\b)""")
_CONSTANT = re.compile(r"""const (\w+) =\s*"(/v1/[^"]+)" as const""")
# What is live is not asked by the typed client.
_LIVE = re.compile(r"""path: "(/v1/[^"]+)\"""")
_AREA = re.compile(r"""^  "?([a-z-]+)"?: \{""", re.MULTILINE)
# What may stand in a path that a source puts together, by the name of its variable.
_CHOICES = {
    "kind": "replies|notes|resolution",
    "verb": "block|unblock|reactivate",
    "decision": "hold|release|reject",
    "area": "|".join(_AREA.findall((CONSOLE / "analytics/areas.ts").read_text(encoding="utf-8"))),
}

# Routes whose answer is on a page by another route.
SHOWN_OTHERWISE = frozenset(
    line.strip()
    for line in """
    GET /v1/approvals/{approval_id}
    GET /v1/audit-logs/{entry_id}
    GET /v1/backups/runs/{backup_run_id}
    GET /v1/campaigns/{campaign_id}
    GET /v1/plans/admin/{plan_id}/versions
    GET /v1/recharge/admin/{user_id}/{recharge_id}
    GET /v1/referrals/admin/{user_id}/{reward_id}
    GET /v1/reports/active-plans
    GET /v1/reports/admins
    GET /v1/reports/archived-users
    GET /v1/reports/audit
    GET /v1/reports/autopay
    GET /v1/reports/backups
    GET /v1/reports/gst-documents
    GET /v1/reports/gst-services
    GET /v1/reports/gst-supplies
    GET /v1/reports/ledger
    GET /v1/reports/offers
    GET /v1/reports/payments
    GET /v1/reports/plans
    GET /v1/reports/referrals
    GET /v1/reports/roles
    GET /v1/reports/sessions
    GET /v1/reports/settlement
    GET /v1/reports/transactions
    GET /v1/reports/users
    GET /v1/roles/{role_id}
    GET /v1/wallet/admin/adjustments/{user_id}/{adjustment_id}
    GET /v1/wallet/admin/transactions/{user_id}/{transaction_id}
    GET /v1/webhooks/endpoints/{endpoint_id}
    """.strip().splitlines()
)
# A person can't use these in the console yet. A page makes this number smaller, and nothing may make it larger.
MOST_WITHOUT_PAGE = 0


def staff_routes() -> list[str]:
    """Routes that a SuperAdmin is admitted to and a customer is not, as `tests/access/table.py` says."""
    columns = {route: line.split() for route, line in ROUTES.items()}
    return [route for route, each in columns.items() if each[1] == "403" and each[2] not in {"401", "403"}]


def calls(source: str) -> Iterator[re.Pattern[str]]:
    """What a source asks of the API, each as a pattern of `METHOD /path`. Raises KeyError for a part that `_CHOICES` lacks."""
    constants = dict(_CONSTANT.findall(source))
    for method, plain, template, name in _CALL.findall(source):
        path = (
            re.sub(r"\$\{(\w+)\}", lambda match: constants.get(match[1], match[0]), template)
            or plain
            or constants[name]
        )
        pieces = re.split(r"\$\{(\w+)\}", path)
        parts = [
            f"(?:{_CHOICES[piece]})" if odd else re.escape(piece)
            for piece, odd in zip(pieces, [False, True] * len(pieces), strict=False)
        ]
        yield re.compile(f"{method} {''.join(parts)}")
    for path in _LIVE.findall(source):
        yield re.compile(f"GET {re.escape(path)}")


def without_page() -> set[str]:
    """Staff routes that no source of the console asks for."""
    asked = [
        pattern
        for path in [
            *CONSOLE.rglob("*.ts"),
            *CONSOLE.rglob("*.tsx"),
            *(CONSOLE.parent / "shared").glob("*.ts"),
        ]
        if ".test." not in path.name and path.name != "schema.d.ts"
        for pattern in calls(path.read_text(encoding="utf-8"))
    ]
    return {route for route in staff_routes() if not any(pattern.fullmatch(route) for pattern in asked)}


def test_the_routes_without_a_page_become_fewer() -> None:
    missing = sorted(without_page() - SHOWN_OTHERWISE)
    assert len(missing) <= MOST_WITHOUT_PAGE, (
        "Make a page for what is new, or say where it is shown:\n" + "\n".join(missing)
    )
    assert len(missing) == MOST_WITHOUT_PAGE, f"Fewer are missing: set MOST_WITHOUT_PAGE to {len(missing)}"


def test_what_is_shown_otherwise_has_no_page_of_its_own() -> None:
    assert without_page() >= SHOWN_OTHERWISE


@pytest.mark.parametrize(
    ("source", "route", "is_asked"),
    [
        ('api.POST("/v1/plans", { body })', "POST /v1/plans", True),
        ('api.POST("/v1/plans", { body })', "GET /v1/plans", False),
        ('const BASE = "/v1/x" as const;\napi.PUT(`${BASE}/role`, {})', "PUT /v1/x/role", True),
        ("api.POST(`/v1/users/{user_id}/${verb}`, call)", "POST /v1/users/{user_id}/block", True),
        ("api.POST(`/v1/users/{user_id}/${verb}`, call)", "POST /v1/users/{user_id}/deactivate", False),
    ],
)
def test_a_call_is_found_in_a_source(source: str, route: str, is_asked: bool) -> None:
    assert any(pattern.fullmatch(route) for pattern in calls(source)) is is_asked
