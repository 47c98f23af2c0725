"""Links are signed as the library signs them that reads and writes the bucket: a second implementation of the same rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.store import S3Store

from gencharge.core.stores.s3_links import Signer

ENDPOINT, REGION = "https://files.example.in", "ap-south-1"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ADDRESS = f"{ENDPOINT}/bucket/reports/1.csv"


def _signature_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["X-Amz-Signature"][0]


async def test_a_link_is_signed_as_another_implementation_signs_it() -> None:
    store = S3Store(
        "bucket",
        config={
            "region": REGION,
            "access_key_id": "AKIA",
            "secret_access_key": "s3cr3t/+=",
            "endpoint": ENDPOINT,
            "virtual_hosted_style_request": False,
        },
    )
    theirs = await obstore.sign_async(store, "GET", "reports/1.csv", timedelta(seconds=60))
    instant = parse_qs(urlsplit(theirs).query)["X-Amz-Date"][0]
    now = datetime.strptime(instant, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = Signer("AKIA", "s3cr3t/+=", REGION).link(ADDRESS, seconds=60, now=now)
    assert _signature_of(ours) == _signature_of(theirs)
    assert parse_qs(urlsplit(ours).query) == parse_qs(urlsplit(theirs).query)


def test_whatever_a_link_says_is_signed() -> None:
    signer = Signer("AKIA", "s3cr3t", REGION)
    plain = signer.link(ADDRESS, seconds=60, now=NOW)
    others = [
        signer.link(ADDRESS, seconds=61, now=NOW),
        signer.link(ADDRESS, seconds=60, now=NOW + timedelta(seconds=1)),
        signer.link(ADDRESS.replace("1.csv", "2.csv"), seconds=60, now=NOW),
        signer.link(ADDRESS, seconds=60, now=NOW, parameters={"response-content-disposition": "inline"}),
        Signer("AKIA", "another", REGION).link(ADDRESS, seconds=60, now=NOW),
    ]
    signatures = {_signature_of(link) for link in (plain, *others)}
    assert len(signatures) == 1 + len(others)


def test_a_name_with_blanks_and_signs_is_quoted() -> None:
    link = Signer("AKIA", "s3cr3t", REGION).link(
        ADDRESS,
        seconds=60,
        now=NOW,
        parameters={"response-content-disposition": 'attachment; filename="a b&c.csv"'},
    )
    assert "response-content-disposition=attachment%3B%20filename%3D%22a%20b%26c.csv%22" in link
