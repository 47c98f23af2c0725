"""A problem document in the caller's language: what people read differs, what programs read does not."""

from __future__ import annotations

from gencharge.core.errors import RateLimited, ValidationFailed, field_problem
from gencharge.core.wording import worded


def test_a_problem_says_title_detail_and_fields_in_hindi_and_keeps_its_codes() -> None:
    problem = ValidationFailed(
        errors=[field_problem("body.x", "May be given only once", "repeated")], known="x"
    )
    english, hindi = problem.body("r"), problem.body("r", language="hi")
    assert hindi["title"] == hindi["detail"] == "एक या अधिक जानकारियाँ सही नहीं हैं।"
    assert hindi["errors"] == [
        {"field": "body.x", "message": "केवल एक बार दिया जा सकता है", "code": "repeated"}
    ]
    same = {"type", "status", "code", "request_id", "known"}
    assert {name: english[name] for name in same} == {name: hindi[name] for name in same}
    assert problem.body("r") == english, "what was said in Hindi changes nothing"


def test_a_waiting_time_is_said_in_hindi() -> None:
    assert RateLimited(retry_after_seconds=90).body("r", language="hi")["detail"] == (
        "आपने बहुत ज़्यादा अनुरोध किए हैं। 2 मिनट बाद फिर से कोशिश करें।"
    )


def test_a_sentence_among_the_further_members_is_said_in_hindi_and_a_name_stays() -> None:
    problem = ValidationFailed(reasons=[{"code": "none", "message": worded("none")}], plan_name="none")
    hindi = problem.body("r", language="hi")
    assert hindi["reasons"] == [{"code": "none", "message": "कोई नहीं"}]
    assert hindi["plan_name"] == "none"
