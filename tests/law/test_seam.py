"""The seam between Python and SQL: outcomes are enums, payloads are event classes, and both sides say the same."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from enum import StrEnum

import pytest

import gencharge.wiring  # noqa: F401 - loads every event class
from gencharge.core.events.events import Event
from gencharge.core.postgres import functions
from gencharge.payments import outcomes as payments

# Each SQL function that returns an outcome, and the enum that Python reads it with.
OUTCOMES: dict[tuple[str, ...], type[StrEnum]] = {
    ("capture_payment",): payments.CaptureOutcome,
    ("authorize_payment",): payments.AuthorizeOutcome,
    ("fail_payment",): payments.FailOutcome,
    ("begin_refund",): payments.RefundStart,
    ("end_refund",): payments.RefundEnd,
    ("take_gateway_event", "retry_gateway_event"): payments.EventOutcome,
}
_WORD = re.compile(r"'(\w+)'")


def sources() -> dict[str, str]:
    """The text of each SQL function by name, without comments."""
    return {each.name: re.sub(r"--[^\n]*", "", each.source) for each in functions.read()}


def outcomes_of(name: str, texts: Mapping[str, str]) -> set[str]:
    """The words that a function can return: by RETURN, or by setting a variable that it returns."""
    text = texts[name]
    outcomes = set[str]()
    for expression in re.findall(r"\bRETURN\b(?!\s+(?:QUERY|NEXT))\s*([^;]*);", text):
        outcomes |= _words(expression.strip() or "outcome", text, texts)
    return outcomes


def _words(expression: str, text: str, texts: Mapping[str, str]) -> set[str]:
    if expression.startswith("CASE"):
        return set(re.findall(r"\b(?:THEN|ELSE)\s+'(\w+)'", expression))
    if called := re.match(r"(\w+)\(", expression):
        return outcomes_of(called[1], texts) if called[1] in texts else set()
    if re.fullmatch(r"\w+", expression):
        values = re.findall(rf"\b{expression}\s*:=\s*([^;]*);", text)
        return set().union(*(_words(value, text, texts) for value in values)) if values else set()
    return set(_WORD.findall(expression))


def keys_of(text: str) -> set[str]:
    """The keys of every outermost `jsonb_build_object` in an SQL text."""
    keys, end = set[str](), 0
    for call in re.finditer(r"jsonb_build_object\s*\(", text):
        if call.start() < end:
            continue
        arguments, end = _arguments(text, call.end())
        keys.update(key.strip().strip("'") for key in arguments[::2])
    return keys


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    depth, quoted, arguments, last = 1, False, [], start
    for index in range(start, len(text)):
        mark = text[index]
        if mark == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
        if depth == 0 or (depth == 1 and mark == "," and not quoted):
            arguments.append(text[last:index])
            last = index + 1
        if depth == 0:
            return arguments, last
    raise AssertionError(f"unbalanced parentheses after {text[start : start + 40]!r}")


def announcements(texts: Mapping[str, str]) -> list[tuple[str, tuple[str, ...], set[str]]]:
    """(function, topics, keys of the payload) of each statement that names a topic."""
    rows = []
    for name, text in texts.items():
        for statement in text.split(";"):
            topics = tuple(word for word in _WORD.findall(statement) if word in Event.registry)
            if not topics:
                continue
            keys = keys_of(statement)
            for called in re.findall(r"\b(announce_\w+)\s*\(", statement):
                keys |= keys_of(texts[called])
            rows.append((name, topics, keys))
    return rows


def breaches(texts: Mapping[str, str]) -> list[str]:
    """Payloads in SQL that are not what their event class says."""
    lines = []
    for name, topics, keys in announcements(texts):
        classes = [Event.registry[topic] for topic in topics]
        may = {field.name for kind in classes for field in dataclasses.fields(kind)}
        must = {
            field.name
            for kind in classes
            for field in dataclasses.fields(kind)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        if unknown := keys - may:
            lines.append(f"{name}: {', '.join(topics)} has no field {', '.join(sorted(unknown))}")
        if missing := must - keys:
            lines.append(f"{name}: {', '.join(topics)} needs {', '.join(sorted(missing))}")
    return lines


@pytest.mark.parametrize(
    ("names", "kind"), OUTCOMES.items(), ids=lambda value: value[0] if isinstance(value, tuple) else ""
)
def test_the_enum_has_exactly_the_outcomes_that_the_sql_returns(
    names: tuple[str, ...], kind: type[StrEnum]
) -> None:
    texts = sources()
    returned = set().union(*(outcomes_of(name, texts) for name in names))
    assert returned == {member.value for member in kind}


def test_every_payload_that_sql_builds_is_what_its_event_class_says() -> None:
    assert breaches(sources()) == []


def test_the_rules_see_all_ways_in_which_sql_speaks() -> None:
    texts = {
        "f": "BEGIN IF x THEN RETURN 'a'; END IF; v := 'b'; RETURN CASE WHEN y THEN 'c' ELSE 'd' END; RETURN v; RETURN g(1, 'no'); END",
        "g": "BEGIN outcome := 'e'; RETURN; END",
    }
    assert outcomes_of("f", texts) == {"a", "b", "c", "d", "e"}
    seen = announcements(sources())
    assert {topic for _, topics, _ in seen for topic in topics} >= {
        "PaymentCaptured",
        "RefundFailed",
        "GatewayEventParked",
        "PlanRecharged",
    }


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("'payment_id', 1, 'user_id', 2, 'amount_paise', 3", "needs refund_id"),
        (
            "'payment_id', 1, 'user_id', 2, 'amount_paise', f('x', 2), 'refund_id', 4, 'paid', true",
            "no field paid",
        ),
    ],
)
def test_a_payload_with_another_field_than_its_class_is_caught(payload: str, reason: str) -> None:
    text = f"PERFORM add_event(p_user, 'RefundProcessed', jsonb_build_object({payload}), p_context);"
    [breach] = breaches({"f": text})
    assert reason in breach
