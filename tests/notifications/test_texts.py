"""What is wrong with the texts of a notice is found before it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gencharge.notifications.kinds import EVERYWHERE, INBOX, Kind, choice, label, last_day, money
from gencharge.notifications.texts import Problem, Texts, problems_of, variables_of

KIND = Kind(
    "example",
    EVERYWHERE,
    {
        "paid": money(required=True),
        "plan": label("Jio 199"),
        "until": last_day(optional=True),
        "outcome": choice("active", "queued"),
    },
)
GOOD = Texts(
    title="Recharged",
    body="{paid} paid. {outcome}",
    sms="{paid} paid.",
    phrases={"outcome": {"active": "{plan} until {until}.", "queued": "{plan} waits."}},
)


def problems(**changes: Any) -> list[Problem]:
    return problems_of(replace(GOOD, **changes), KIND)


def test_good_texts_have_no_problem() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"body": "{paid} {amout}"}, "body", "{amout} is not a variable of this notice; there are: outcome,"),
        ({"body": "Thank you."}, "body", "{paid} is required"),
        ({"sms": "Thank you."}, "sms", "{paid} is required"),
        ({"sms": ""}, "sms", "This text is needed"),
        ({"title": " "}, "title", "This text is needed"),
        ({"email_text": "Thank you."}, "email_text", "{paid} is required"),
        ({"body": "{paid} until {until}"}, "body", "{until} may be missing: only phrases may name it"),
        ({"body": "{paid} {"}, "body", "Braces enclose the name of a variable"),
        ({"body": "{paid} {paid.__class__}"}, "body", "Braces enclose the name of a variable"),
        ({"body": "{paid} {paid!r:>10}"}, "body", "Braces enclose the name of a variable"),
        ({"email_subject": "Hello\nBcc: eve@example.com"}, "email_subject", "One line of text"),
        ({"title": "Hello\rBcc: eve@example.com"}, "title", "One line of text"),
        ({"body": "{paid}\x00"}, "body", "No control characters"),
        ({"push_title": "x" * 61}, "push_title", "At most 60 characters"),
        ({"phrases": {}}, "phrases.outcome.active", "This phrase is needed"),
        (
            {"phrases": {**GOOD.choices, "ending": {}}},
            "phrases.ending",
            "There is no choice of this name; there are: outcome",
        ),
        (
            {"phrases": {"outcome": {"active": "", "queued": "", "gone": ""}}},
            "phrases.outcome.gone",
            "There is no such code; there are: active, queued",
        ),
        (
            {"phrases": {"outcome": {"active": "{outcome}", "queued": ""}}},
            "phrases.outcome.active",
            "{outcome} is a choice, and phrases name none",
        ),
        (
            {"phrases": {"outcome": {"active": "{gone}", "queued": ""}}},
            "phrases.outcome.active",
            "{gone} is not a variable",
        ),
        (
            {"phrases": {"outcome": {"active": "one\ntwo", "queued": "}"}}},
            "phrases.outcome.queued",
            "Braces enclose",
        ),
    ],
)
def test_each_mistake_is_named_with_its_field(changes: dict[str, Any], field: str, message: str) -> None:
    matching = [problem for problem in problems(**changes) if problem.field == field]
    assert matching, problems(**changes)
    assert matching[0].message.startswith(message)


def test_a_required_variable_may_stand_in_a_phrase() -> None:
    phrases = {"outcome": {"active": "{paid} paid.", "queued": "{paid} paid."}}
    assert problems(body="{outcome}", phrases=phrases) == []


def test_a_notice_of_the_inbox_only_takes_no_other_texts() -> None:
    kind = Kind("alert", INBOX)
    assert problems_of(Texts(title="A", body="B"), kind) == []
    assert [problem.field for problem in problems_of(Texts(title="A", body="B", sms="C"), kind)] == ["sms"]


def test_what_is_not_written_says_what_the_inbox_says() -> None:
    assert (GOOD.field("push_title"), GOOD.field("email_subject")) == ("Recharged", "Recharged")
    assert replace(GOOD, push_body="Paid").field("push_body") == "Paid"
    assert GOOD.field("sms") == "{paid} paid."
    assert variables_of("{a} {b_c} {D}") == {"a", "b_c"}
