"""Webhooks never reach ourselves, our network or a cloud's metadata: by address, by name, by a name that changes."""

from __future__ import annotations

import pytest

from gencharge.core.http.addresses import Reach, check_url
from gencharge.core.settings import Environment, Settings
from tests.make.webhooks import (
    DEVELOPMENT,
    PRODUCTION,
)

PRODUCTION_PRIVATE = Reach(private=True, loopback=False)


# address: in production, in production with WEBHOOK_ALLOW_PRIVATE, in development
ADDRESSES = {
    "8.8.8.8": "yes yes yes",
    "103.21.244.1": "yes yes yes",
    "2606:4700::1111": "yes yes yes",
    "64:ff9b::808:808": "yes yes yes",  # 8.8.8.8 behind NAT64
    "10.0.0.1": "no yes yes",
    "172.16.0.1": "no yes yes",
    "172.31.255.255": "no yes yes",
    "192.168.1.1": "no yes yes",
    "fd12:3456::1": "no yes yes",
    "::ffff:10.0.0.1": "no yes yes",
    "64:ff9b::a00:1": "no yes yes",
    "127.0.0.1": "no no yes",
    "127.8.8.8": "no no yes",
    "::1": "no no yes",
    "::ffff:127.0.0.1": "no no yes",
    "0.0.0.0": "no no no",
    "::": "no no no",
    "169.254.169.254": "no no no",  # the metadata of most clouds
    "169.254.170.2": "no no no",
    "fd00:ec2::254": "no no no",
    "fd20:ce::254": "no no no",
    "100.100.100.200": "no no no",
    "168.63.129.16": "no no no",
    "192.0.0.192": "no no no",
    "::ffff:169.254.169.254": "no no no",
    "64:ff9b::a9fe:a9fe": "no no no",
    "fe80::1": "no no no",
    "fe80::1%eth0": "no no no",
    "fec0::1": "no no no",
    "100.64.0.1": "no no no",
    "198.18.0.1": "no no no",
    "192.0.2.1": "no no no",
    "224.0.0.1": "no no no",
    "ff02::1": "no no no",
    "240.0.0.1": "no no no",
    "255.255.255.255": "no no no",
    "2001:db8::1": "no no no",
    "2002:7f00:1::": "no no no",
    "2001:0:7f00:1::": "no no no",
    "::127.0.0.1": "no no no",
    "64:ff9b:1::1": "no no no",
    "example.com": "no no no",
    "": "no no no",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_reached_from_where_the_table_says(address: str) -> None:
    reachable = [
        "yes" if reach.allows(address) else "no" for reach in (PRODUCTION, PRODUCTION_PRIVATE, DEVELOPMENT)
    ]
    assert reachable == ADDRESSES[address].split()


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("https://partner.example/hooks?tenant=7", PRODUCTION),
        ("https://partner.example:8443/", PRODUCTION),
        ("https://8.8.8.8/hooks", PRODUCTION),
        ("https://[2606:4700::1111]/hooks", PRODUCTION),
        ("https://10.0.0.1/hooks", PRODUCTION_PRIVATE),
        ("http://127.0.0.1:9000/hooks", DEVELOPMENT),
        ("http://localhost:9000/hooks", DEVELOPMENT),
        ("http://[::1]:9000/hooks", DEVELOPMENT),
    ],
)
def test_these_urls_are_taken(url: str, reach: Reach) -> None:
    check_url(url, reach)


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("http://partner.example/hooks", PRODUCTION),
        ("http://partner.example/hooks", DEVELOPMENT),
        ("http://10.0.0.1/hooks", DEVELOPMENT),
        ("http://127.0.0.1/hooks", PRODUCTION_PRIVATE),
        ("https://127.0.0.1/hooks", PRODUCTION),
        ("https://127.1/hooks", PRODUCTION),
        ("https://0x7f000001/hooks", PRODUCTION),
        ("https://2130706433/hooks", PRODUCTION),
        ("https://0177.0.0.1/hooks", PRODUCTION),
        ("https://[::ffff:127.0.0.1]/hooks", PRODUCTION),
        ("https://localhost/hooks", PRODUCTION),
        ("https://LOCALHOST./hooks", PRODUCTION),
        ("https://a.localhost/hooks", PRODUCTION_PRIVATE),
        ("https://169.254.169.254/latest/meta-data/", PRODUCTION),
        ("https://169.254.169.254/latest/meta-data/", DEVELOPMENT),
        ("https://user:pass@partner.example/hooks", PRODUCTION),
        ("https://@partner.example/hooks", PRODUCTION),
        ("https://partner.example\\@10.0.0.1/hooks", PRODUCTION),
        ("https://partner.example/hooks#part", PRODUCTION),
        ("https://partner.example/ho oks", PRODUCTION),
        ("https://partner.example/\r\nHost: evil", PRODUCTION),
        ("https:///hooks", PRODUCTION),
        ("https://partner.example:99999/", PRODUCTION),
        ("https://partner.example:0/", PRODUCTION),
        ("ftp://partner.example/", PRODUCTION),
        ("file:///etc/passwd", PRODUCTION),
        ("gopher://partner.example/", DEVELOPMENT),
        ("partner.example/hooks", PRODUCTION),
        (f"https://partner.example/{'a' * 500}", PRODUCTION),
        ("https://pärtner.example/", PRODUCTION),
    ],
)
def test_these_urls_are_refused_with_what_would_be_right(url: str, reach: Reach) -> None:
    with pytest.raises(ValueError, match=r"address"):
        check_url(url, reach)


def test_production_reaches_public_addresses_only_unless_it_is_told(settings: Settings) -> None:
    def reach(environment: str, allowed: bool | None) -> Reach:
        return Reach.of(settings.model_copy(update={"environment": Environment(environment)}), allowed)

    assert reach("production", None) == reach("production", False) == PRODUCTION
    assert reach("production", True) == PRODUCTION_PRIVATE
    assert reach("development", None) == reach("test", True) == DEVELOPMENT
    assert reach("development", False) == PRODUCTION
