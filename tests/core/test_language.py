"""The caller's language, whatever the header says, and errors that are raised before and after routing."""

from __future__ import annotations

from contextvars import copy_context

import httpx
import pytest

from gencharge.core.events import events
from gencharge.core.http import language
from gencharge.core.http.language import accepted
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from tests.make.factories import headers_for

HINDI, ENGLISH = Language.HINDI, Language.ENGLISH
NOT_FOUND = "इस पते पर कुछ नहीं मिला।"
NOT_SIGNED_IN = "पहले साइन इन करें, और एक्सेस टोकन `Authorization: Bearer ...` के रूप में भेजें।"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("hi", HINDI),
        ("hi-IN,hi;q=0.9,en;q=0.8", HINDI),
        ("HI-in", HINDI),
        ("en-GB,en;q=0.9,hi;q=0.8", ENGLISH),
        ("en;q=0.5, hi;q=0.7", HINDI),
        ("ta, hi;q=0.3", HINDI),
        ("hi, en", HINDI),
        ("en, hi", ENGLISH),
        ("hi;q=0", None),
        ("hi;q=0, en;q=0.1", ENGLISH),
        ("*", None),
        ("*, hi;q=0.5", None),
        ("hi, *;q=0.5", HINDI),
        ("ta-IN", None),
        ("", None),
        (" ,;,,q=1,;q=0.5", None),
        ("hi;q=abc", None),
        ("hi;q=2", None),
        ("hi;q=-1", None),
        ("hi;q=nan", None),
        ("hi;q=abc, en", ENGLISH),
        ("hindi", None),
        ("hi;Q=0.5", HINDI),
        ("\xff\xfe, hi", HINDI),
    ],
)
def test_the_language_with_the_greatest_weight_counts(header: str, expected: Language | None) -> None:
    assert accepted(header.encode("latin-1")) is expected


def test_of_a_long_header_only_the_beginning_counts() -> None:
    assert accepted(b"hi, " + b"xx;q=0.1," * 1_200) is HINDI
    assert accepted(b"xx;q=0.1," * 1_200 + b"hi") is None


@pytest.mark.parametrize(
    ("header", "own", "expected"),
    [
        (b"", "", ENGLISH),
        (b"", "hi", HINDI),
        (b"en", "hi", ENGLISH),
        (b"hi", "", HINDI),
        (b"*", "hi", HINDI),
        (b"ta", "hi", HINDI),
        (b"", "xx", ENGLISH),
    ],
)
def test_the_header_counts_before_the_own_language_and_that_before_english(
    header: bytes, own: str, expected: Language
) -> None:
    def speak() -> Language:
        language.begin(header)
        language.know(own)
        return language.spoken()

    assert copy_context().run(speak) is expected


def test_outside_of_requests_english_is_spoken() -> None:
    language.know("hi")
    assert language.spoken() is ENGLISH


async def test_an_event_keeps_nothing_of_languages(client: httpx.AsyncClient) -> None:
    language.begin(b"hi")
    assert "hi" not in events.context_json()


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, NOT_FOUND),
        ("GET", "/v1/nowhere", 404, NOT_FOUND),
        ("DELETE", "/v1/plans", 405, "इस पते पर यह मेथड मान्य नहीं है।"),
        ("GET", "/v1/wallet", 401, NOT_SIGNED_IN),
        ("GET", "/v1/plans?limit=x", 422, "एक या अधिक जानकारियाँ सही नहीं हैं।"),
    ],
)
async def test_errors_are_in_hindi_from_the_edge_to_the_route(
    client: httpx.AsyncClient, method: str, path: str, status: int, title: str
) -> None:
    answer = await client.request(method, path, headers={"Accept-Language": "hi-IN"})
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert answer.headers["Content-Language"] == "hi"
    assert "Accept-Language" in answer.headers["Vary"]
    english = await client.request(method, path)
    assert english.headers["Content-Language"] == "en"
    assert "Accept-Language" in english.headers["Vary"]
    assert english.json()["code"] == answer.json()["code"]
    assert english.json()["title"] != title


async def test_a_body_that_is_too_large_is_refused_in_hindi(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    answer = await client.post(
        "/v1/auth/login", content=b" " * (settings.max_body_bytes + 1), headers={"Accept-Language": "hi"}
    )
    assert answer.status_code == 413
    assert answer.json()["detail"] == "अनुरोध का आकार बहुत बड़ा है।"


async def test_messages_of_fields_are_in_hindi(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/auth/login", json={"phone_number": "12", "x": 1}, headers={"Accept-Language": "hi"}
    )
    messages = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert messages["body.phone_number"].startswith("भारतीय मोबाइल नंबर लिखें")
    assert messages["body.x"] == "यहाँ ऐसी कोई जानकारी नहीं ली जाती"


async def test_who_has_chosen_hindi_reads_it_without_a_header(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    headers = headers_for(settings, new_id(), language="hi")
    path = f"/v1/wallet/transactions/{new_id()}"
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["Content-Language"] == "hi"
    english = await client.get(path, headers={**headers, "Accept-Language": "en-IN"})
    assert english.headers["Content-Language"] == "en"


async def test_a_header_of_ten_kilobytes_and_a_strange_one_do_no_harm(client: httpx.AsyncClient) -> None:
    for header in (b"hi, " + b"xx;q=0.1," * 1_200, b"hi;q=abc", "हि".encode(), b"*", b",;,"):
        answer = await client.get("/v1/nowhere", headers={"Accept-Language": header})
        assert answer.status_code == 404
        assert answer.headers["Content-Language"] in {"en", "hi"}


async def test_what_is_the_same_in_each_language_says_nothing_of_languages(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/plans", headers={"Accept-Language": "hi"})
    assert answer.status_code == 200
    assert "Content-Language" not in answer.headers
    assert "Accept-Language" not in answer.headers.get("Vary", "")
