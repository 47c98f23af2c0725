"""What keeps an installation on its machine, and which addresses leave it."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import Any

import pytest

from gencharge.core import exposure
from gencharge.core.development_secrets import NAMES
from gencharge.core.settings import Environment, Settings

OWN = {name: secrets.token_urlsafe(32) for name in NAMES}


def settings(folder: Path, **overrides: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **(OWN | overrides))  # type: ignore[arg-type, call-arg]


@pytest.mark.parametrize("environment", ["development", "test"])
def test_secrets_of_the_data_folder_stay_on_this_machine(tmp_path: Path, environment: str) -> None:
    own = settings(tmp_path, environment=environment, **dict.fromkeys(NAMES, ""))
    names = [line.partition(":")[0] for line in exposure.problems(own)]
    assert names == [name.upper() for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value", ["", "short", "change_me_to_a_real_secret", "development-only-secret-0001-abcdef"]
)
def test_one_weak_secret_is_enough(tmp_path: Path, name: str, value: str) -> None:
    [line] = exposure.problems(settings(tmp_path, **{name: value}))
    assert line.startswith(f"{name.upper()}: ")
    assert value not in line or not value


def test_a_fixed_code_stays_on_this_machine(tmp_path: Path) -> None:
    own = settings(tmp_path, dev_fixed_otp="111111")
    assert [line.partition(":")[0] for line in exposure.problems(own)] == ["DEV_FIXED_OTP"]


def test_development_with_secrets_of_its_own_may_be_served(tmp_path: Path) -> None:
    assert exposure.problems(settings(tmp_path)) == []


def test_production_is_judged_by_its_settings(tmp_path: Path) -> None:
    own = settings(tmp_path).model_copy(
        update={"environment": Environment.PRODUCTION, "dev_fixed_otp": "111111"}
    )
    assert exposure.problems(own) == []


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("::ffff:192.0.2.7", False),
        ("fe80::1", False),
        ("no-such-host.invalid", False),
    ],
)
def test_a_host_is_this_machine_s_or_the_network_s(host: str, own: bool) -> None:
    assert exposure.is_loopback(host) is own
    assert exposure.is_network(host) is (not own and host != "no-such-host.invalid")


@pytest.mark.parametrize("address", ["testserver", "/run/api.sock", ""])
def test_what_is_no_address_is_not_of_the_network(address: str) -> None:
    assert not exposure.is_network(address)


def test_only_a_listener_beyond_loopback_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert list(exposure.listening_beyond_loopback()) == []
        # A listener on a real address would be open to the network while this runs.
        monkeypatch.setattr(exposure, "is_network", lambda _host: True)
        places = list(exposure.listening_beyond_loopback())
        assert f"127.0.0.1:{listener.getsockname()[1]}" in places
        assert f"127.0.0.1:{silent.getsockname()[1]}" not in places
        assert listener.fileno() > 0


def test_looking_leaves_nothing_open(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w"), socket.create_server(("127.0.0.1", 0)):
        before = sorted(os.listdir("/dev/fd"))
        for _ in range(3):
            assert list(exposure.listening_beyond_loopback()) == []
        assert sorted(os.listdir("/dev/fd")) == before
