"""Who the fuzzer is, and what it leaves out, for `schemathesis run`; named in schemathesis.toml.

`FUZZ_SESSIONS` holds the sessions as JSON: a list of (user id, session id), none for nobody. The first one sends all
requests but those that end the sender's own session or account, which take the others in turn.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import schemathesis
from schemathesis import AuthContext, Case, CheckContext, GenerationMode, HookContext, Response

from gencharge.core import loading
from gencharge.core.settings import Settings
from gencharge.sessions.tokens import Keyring, Kind, Principal

# What the sender of one of these can't send a second time. The ids of one's own sessions are learnt from their list.
ENDS_THE_SENDER = frozenset(
    {"auth_logout", "auth_end_session", "users_delete_me", "users_deactivate_me", "users_reactivate_me"}
)
# Looking for garbage, again and again, through all that it has loaded takes Schemathesis time.
loading.begin()
_KEYS = Keyring(Settings(_env_file=None))  # type: ignore[call-arg]
_KIND: Kind = "admin" if os.environ["FUZZ_ROLE"] == "superadmin" else "user"
_SESSIONS = [(UUID(user), UUID(session)) for user, session in json.loads(os.environ["FUZZ_SESSIONS"])]
_THROWN_AWAY: Iterator[tuple[UUID, UUID]] = cycle(_SESSIONS[1:])


def _token(user_id: UUID, session_id: UUID) -> str:
    second_factor_at = int(time.time()) if _KIND == "admin" else 0
    role = "SuperAdmin" if _KIND == "admin" else ""
    return _KEYS.sign(Principal(user_id, _KIND, session_id, role=role, second_factor_at=second_factor_at))


@schemathesis.auth(refresh_interval=None)
class Sender:
    """Signs a new access token for each request."""

    def get(self, case: Case[Any], _context: AuthContext) -> str | None:
        """The token; None for nobody."""
        if not _SESSIONS:
            return None
        ends = case.operation.definition.raw.get("operationId") in ENDS_THE_SENDER
        return _token(*(next(_THROWN_AWAY) if ends else _SESSIONS[0]))

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Send it."""
        case.headers = {**dict(case.headers or {}), "Authorization": f"Bearer {data}"}


def _is_positive(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _options: dict[str, Any]) -> None:
    """What only a real client can have, in a request that is meant to be right; the others keep what was made up.

    A cursor comes from the list itself, an etag from the object, and an Idempotency-Key belongs to one request.
    """
    if not _is_positive(case):
        return
    if case.query:
        case.query.pop("cursor", None)
    if case.headers:
        case.headers.pop("If-Match", None)
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid4().hex


# Refusals of what fits the schema, by the code of the field's problem: rules that a schema can't say.
_CHARACTERS = "no control and no invisible characters, which are listed by Unicode's categories"
_YEARS = "a date of the years that the lists take"
_A_ROW = "must be a row of a table, which changes while the product runs"
_NOW = "before or after now, which moves"
_TOGETHER = "fields that must agree with each other"
BEYOND_THE_SCHEMA = {
    "circle_invalid": _A_ROW,
    "circles_invalid": _A_ROW,
    "content_picture_invalid": _A_ROW,
    "counterparty_invalid": _A_ROW,
    "event_type_invalid": _A_ROW,
    "offer_type_invalid": _A_ROW,
    "operator_invalid": _A_ROW,
    "operators_invalid": _A_ROW,
    "plan_groups_invalid": _A_ROW,
    "plan_invalid": _A_ROW,
    "plans_invalid": _A_ROW,
    "plan_group_invalid": _A_ROW,
    "amounts_invalid": _TOGETHER,
    "audience_invalid": _TOGETHER,
    "backup_tables_invalid": _A_ROW,
    "budget_too_small": _TOGETHER,
    "code_invalid": _TOGETHER,
    "measure_invalid": _TOGETHER,
    "category_invalid": _TOGETHER,
    "columns_invalid": "columns of the report, which stand in its definition",
    "contact_required": _TOGETHER,
    "month_invalid": _TOGETHER,
    "not_alone": _TOGETHER,
    "range_invalid": _TOGETHER,
    "sort_invalid": _TOGETHER,
    "operator_required": _TOGETHER,
    "sms_missing": _TOGETHER,
    "subject_invalid": _TOGETHER,
    "texts_missing": _TOGETHER,
    "unexpected": _TOGETHER,
    "value_error": _TOGETHER,
    "validity_invalid": _TOGETHER,
    "window_invalid": _TOGETHER,
    "string_too_short": "lengths count without the blanks at the ends",
    "int_type": "`1.0` is an integer to JSON Schema; whole numbers are taken without a fraction only",
    "text": _CHARACTERS,
    "line": _CHARACTERS,
    "day": _YEARS,
    "instant": _YEARS,
    "instant_invalid": _NOW,
    "day_invalid": _NOW,
    "autopay_date_invalid": _NOW,
    "autopay_amount_invalid": "less than what the plan or the bill is now",
    "amount_invalid": "for which amounts a plan is sold is a column of its row",
    "autopay_method_invalid": "which autopays pay bills is a column of their table",
    "bill_operator_required": "what is known of a number is a row of a table",
    "autopay_interval_invalid": "which plans need an interval is a column of their table",
    "window_ended": _NOW,
    "name": "letters of every script, for which JSON Schema has no pattern that every reader understands",
    "money": "at most two decimals: as `multipleOf: 0.01` validators would refuse amounts that are right",
    "decimal_max_places": "at most two decimals, as with amounts",
    "contact_code_invalid": "a code that was sent to somebody",
    "contact_form_invalid": "a token of ours, which the page with the form has",
    "unsubscribe_link_invalid": "a link that we signed",
    "checkout_signature_invalid": "a signature that the gateway makes",
    "plan_file_invalid": "a spreadsheet",
    "column_invalid": "a spreadsheet",
    "push_endpoint_invalid": "an address of a push service, which calls may go to",
    "address_invalid": "an IP address of either version: no pattern that every reader understands",
    "picture_invalid": "a picture",
    "recipients_invalid": _A_ROW,
    "report_invalid": "which columns and filters a report has stands in its definition",
    "template_invalid": "the variables of a template, which its kind has",
    "url_invalid": "an address that calls may go to",
}
# The same for a field and its code.
BEYOND_THE_SCHEMA_OF_A_FIELD = {
    ("body.filters.", "extra_forbidden"): "the filters of a report stand in its definition",
    (
        "body.metadata.",
        "string_pattern_mismatch",
    ): "the document has the pattern of their names, not that there are no others",
    ("body.metadata.", "string_type"): "as above: it describes no value of another name",
}


def _is_explained(entry: dict[str, str]) -> bool:
    known = any(
        entry.get("field", "").startswith(field) and entry["code"] == code
        for field, code in BEYOND_THE_SCHEMA_OF_A_FIELD
    )
    return known or entry["code"] in BEYOND_THE_SCHEMA


@schemathesis.check
def what_fits_the_schema_is_accepted(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Takes the place of `positive_data_acceptance`: it knows the reason of each refusal."""
    if not _is_positive(case) or response.status_code not in {400, 422}:
        return
    problem = response.json()
    entries = problem.get("errors") or [problem]
    unexplained = [entry["code"] for entry in entries if not _is_explained(entry)]
    assert not unexplained, f"{unexplained}: {problem}"
