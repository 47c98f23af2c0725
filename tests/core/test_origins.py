"""Which page sent a request is known by two headers that no page can change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.datastructures import Headers

from gencharge.core.http.origins import is_foreign


def _cases() -> Iterator[tuple[dict[str, str], bool]]:
    yield {}, False
    yield {"host": "a.example"}, False
    yield {"host": "a.example", "origin": "https://a.example"}, False
    yield {"host": "a.example", "origin": "https://A.example"}, False
    yield {"host": "a.example", "origin": "https://a.example:8443", "sec-fetch-site": "same-origin"}, False
    yield {"host": "a.example:80", "origin": "http://a.example"}, False
    yield {"host": "[::1]:8000", "origin": "http://[::1]:8000"}, False
    yield {"host": "a.example", "origin": "https://b.example"}, True
    yield {"host": "a.example", "origin": "https://b.example", "sec-fetch-site": "same-origin"}, True
    yield {"host": "a.example", "origin": "https://a.example@b.example"}, True
    yield {"host": "a.example", "origin": "null"}, True
    yield {"host": "a.example", "origin": "https://["}, True
    yield {"host": "", "origin": "null"}, True
    yield {"host": "a.example", "sec-fetch-site": "same-site"}, True
    yield {"host": "a.example", "sec-fetch-site": "cross-site"}, True
    yield {"host": "a.example", "sec-fetch-site": "Same-Origin"}, True


@pytest.mark.parametrize(("headers", "foreign"), list(_cases()), ids=str)
@pytest.mark.parametrize("with_cookie", [False, True])
def test_which_requests_come_from_another_site(
    headers: dict[str, str], foreign: bool, with_cookie: bool
) -> None:
    assert is_foreign(Headers(headers), allowed=(), with_cookie=with_cookie) is foreign


def test_a_page_opened_by_hand_is_foreign_to_those_that_want_a_cookie() -> None:
    typed = Headers({"sec-fetch-site": "none"})
    assert not is_foreign(typed, allowed=())
    assert is_foreign(typed, allowed=(), with_cookie=True)


@pytest.mark.parametrize("name", ["origin", "sec-fetch-site"])
def test_a_header_that_comes_twice_is_foreign(name: str) -> None:
    value = {"origin": "https://a.example", "sec-fetch-site": "same-origin"}[name]
    raw: Any = [(b"host", b"a.example"), *[(name.encode(), value.encode())] * 2]
    assert is_foreign(Headers(raw=raw), allowed=())
