"""Examples in the OpenAPI document that work as they stand with the sample data of `gencharge dev`.

`/docs` fills its forms with them. A body's example holds what the body requires and what has an example of its own;
`tests/api/test_try_it.py` sends each of them to a seeded installation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI

from gencharge.core.http import openapi

Json = dict[str, Any]
METHODS: Final = frozenset({"post", "put", "patch", "delete", "get"})
# The first sample customer is on Jio, and this is the plan of most Jio customers.
_CUSTOMER: Final = "+919000001001"
_PLAN_ID: Final = "36626977-720b-591c-9ae9-4350c635c735"
# Values by the name of a field or parameter.
SAMPLES: Final[Mapping[str, Any]] = {
    "phone_number": _CUSTOMER,
    "plan_id": _PLAN_ID,
    "group_id": "e3c6b923-ecfc-5321-ac32-3fb26b4ecc79",
    "offer_type_id": "074fec95-fcef-5ffc-b6d7-3fbf3fa3d78e",
    "user_id": "be173d2f-ddfc-57f4-ac9e-03e87156620c",
    "owner_id": "be173d2f-ddfc-57f4-ac9e-03e87156620c",
    "operator": "JIO",
    "channel": "jio-direct",
    "edition": 1,
    "language": "en",
    "file": "large.webp",
}
# Values that only one operation takes: what must not be there yet, and what must fit together.
BODIES: Final[Mapping[str, Json]] = {
    "auth_sign_up": {"phone_number": "+919000005001"},
    "auth_verify_otp_signup": {"phone_number": "+919000005001"},
    "users_save_number": {"phone_number": "+919000001002"},
    "admins_create": {"phone_number": "+919000000099", "email": "asha.rao@example.com"},
    "contact_send": {"name": "Asha Rao", "email": "asha.rao@example.com"},
    "operators_create": {"code": "AEROVOYCE", "name": "Aerovoyce", "display_name": "Aerovoyce"},
    "channels_create": {"code": "jio-second", "name": "Jio, second line"},
    "plans_create": {
        "name": "Jio ₹239 · 1.5 GB/day · 22 days",
        "price": 239.0,
        "validity": {"n": 22, "unit": "day"},
        "benefits": {"data_per_day_mb": 1536, "voice_unlimited": True, "sms_per_day": 100},
        "plan_type": "prepaid",
        "category": "unlimited",
        "circles": [],
    },
    "plans_create_group": {"name": "Family", "description": "Several numbers on one plan."},
    "offers_create": {
        "name": "Ten percent off in the app",
        "code": "APP10",
        "conditions": {"min_amount": 199.0, "sources": ["app"]},
        "reward": {"discount": {"kind": "percent", "percent": 10, "cap": 50.0}},
        "limits": {"uses_per_user": 1},
    },
    "offers_create_type": {"name": "Monsoon"},
    "announcements_create": {
        "audience": {"kind": "customers", "operator": "JIO"},
        "channels": [],
        "texts": {
            "en": {
                "title": "Recharges pause tonight",
                "body": "From 01:00 to 02:00 no recharge goes through.",
            },
            "hi": {"title": "आज रात रिचार्ज रुकेंगे", "body": "01:00 से 02:00 तक कोई रिचार्ज नहीं होगा।"},
        },
    },
    "roles_create": {"name": "Evening support"},
    # The words that a notice of a recharge ships with.
    "notifications_staff_create_template_edition": {
        "sms": "{paid} paid. {outcome} - GenCharge",
        "phrases": {
            "outcome": {
                "active": "{plan} is now active on {number}.",
                "active_until": "{plan} is now active on {number}, valid until {until}.",
                "queued": "{plan} for {number} is queued: it starts when the present plan ends.",
                "queued_from": "{plan} for {number} is queued: it starts on {begins}, when the present plan ends.",
            }
        },
    },
    "messages_resend_all": {"channel": "email"},
}


def install(app: FastAPI) -> None:
    """Let the application's document carry the examples."""
    describe = app.openapi

    def document() -> Json:
        described = describe()
        for methods in described["paths"].values():
            for method, operation in methods.items():
                if method in METHODS:
                    _complete(described, operation)
        return described

    app.openapi = document  # type: ignore[method-assign]


def _complete(document: Json, operation: Json) -> None:
    for parameter in operation.get("parameters", ()):
        # Not for filters: an example in one would narrow every list that somebody tries.
        if parameter.get("required") and parameter["name"] in SAMPLES:
            parameter["example"] = SAMPLES[parameter["name"]]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and "example" not in content:
        body = _example(document, content.get("schema", {}))
        if isinstance(body, dict):
            body |= BODIES.get(operation["operationId"], {})
        content["example"] = body


def _example(document: Json, schema: Json) -> Any:
    """A value that the schema takes."""
    if "default" in schema and not schema.get("examples"):
        return schema["default"]
    resolved = openapi.resolved(document, schema)
    if resolved.get("examples"):
        return resolved["examples"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in resolved:
            option = resolved[union][0]
            if option.keys() == {"required"}:
                # Which of the fields are given: the first choice, and nothing beside it.
                only = {name: resolved["properties"][name] for name in option["required"]}
                return _object(document, resolved | {"properties": only})
            return _example(document, option)
    if "enum" in resolved:
        return resolved["enum"][0]
    if resolved.get("type") == "object":
        return _object(document, resolved)
    if resolved.get("type") == "array":
        return [_example(document, resolved["items"])] if resolved.get("minItems") else []
    return resolved.get("const", _SIMPLE.get(resolved.get("format") or resolved.get("type", "")))


_SIMPLE: Final[Mapping[str, Any]] = {
    "string": "text",
    "integer": 1,
    "number": 100.0,
    "boolean": True,
    "date": "2026-11-20",
    "date-time": "2026-11-20T06:30:00Z",
    "uuid": "0198c0de-0000-7000-8000-000000000000",
}


def _object(document: Json, schema: Json) -> Json:
    required = schema.get("required", ())
    fields = schema.get("properties", {})
    # Of a body that takes exactly one of several fields, the first.
    first: Json = next(iter(schema.get("oneOf", ())), {})
    alternative = first.get("required")
    shown = {
        name: field
        for name, field in fields.items()
        if (name in alternative if alternative else name in required or field.get("examples"))
    }
    if not shown:
        # A change, which requires no field but takes no empty body either.
        shown = dict(list(fields.items())[:1])
    return {
        name: SAMPLES[name] if name in SAMPLES else _example(document, field) for name, field in shown.items()
    }
