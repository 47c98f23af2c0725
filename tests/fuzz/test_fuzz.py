"""No generated request finds a fault: as nobody, as a customer and as a SuperAdmin, by every check of Schemathesis."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.http.short_document import shorten
from gencharge.core.stores.stores import Stores
from gencharge.directory import service as directory
from gencharge.seed import user_id_of
from gencharge.sessions import service as sessions
from gencharge.sessions.tokens import Kind
from tests.access.table import ROUTES
from tests.faults.site import Site
from tests.one_document import plain_app

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ROLES = ("nobody", "customer", "superadmin")
THROWN_AWAY = 40
_TIMEOUT_SECONDS = 600
# The long run in parts, so that each ends within eight minutes on two cores that others use, too, and can be run by itself.
PARTS = 4


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """An installation of its own, for what is sent changes much of its data."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-fuzz-"))
    site = Site(folder, more={"ACCESS_TOKEN_EXPIRE_MINUTES": "60"})
    try:
        site.start()
        site.start_sandbox()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _sessions(site: Site, role: str) -> list[tuple[UUID, UUID]]:
    """The session that sends the requests, and those that may be ended: of user and session."""
    if role == "nobody":
        return []
    kind: Kind = "admin" if role == "superadmin" else "user"

    async def start_all(db: AsyncSession) -> list[tuple[UUID, UUID]]:
        first_admin = await directory.phone_owner(db, f"+91{admins.FIRST_ADMIN_PHONE}")
        assert first_admin is not None
        owners = [
            first_admin[1] if kind == "admin" else user_id_of(number) for number in range(1, THROWN_AWAY + 2)
        ]
        started = [await sessions.start(db, site.settings, user_id=owner, kind=kind) for owner in owners]
        return [(session.user_id, session.session_id) for session in started]

    stores = Stores.open(site.settings)
    try:
        return await stores.database.run(start_all)
    finally:
        await stores.close()


# A stream of events has no end to wait for (schemathesis.toml).
LEFT_OUT = ("GET /v1/notifications/stream", "GET /v1/analytics/live")


# The column of the access table that says what a role is answered.
_COLUMNS = {"nobody": 0, "customer": 1, "superadmin": 2}
_ONE_IN = 24


def _refused(route: str, role: str) -> bool:
    return ROUTES[route].split()[_COLUMNS[role]] in {"401", "403"}


# Signed by somebody else, or by a second factor: refused to everybody who sends something made up.
REFUSED_TO_ALL = [route for route in ROUTES if all(_refused(route, role) for role in ROLES)]


def short_list(role: str) -> list[str]:
    """Where the role is let in, and one in 24 of the operations whose guard refuses it before anything else is read.

    A SuperAdmin is not asked for what customers are asked for, too. tests/access asks each of the others as this role; the long run sends
    them all that Schemathesis makes up.
    """
    refused = [route for route in ROUTES if _refused(route, role)]
    of_others = {route for route in ROUTES if role == "superadmin" and not _refused(route, "customer")}
    return sorted(ROUTES.keys() - set(refused) - of_others | set(refused[::_ONE_IN]) | set(REFUSED_TO_ALL))


def fuzz(site: Site, role: str, *options: str, only: Sequence[str] = ()) -> str:
    """What `schemathesis run` prints about all operations, or `only` these; fails with that if it finds anything."""
    document = site.folder / "openapi.json"
    # All that there is, in one: what is sent are its parts.
    document.write_bytes(orjson.dumps(shorten(plain_app().openapi())))
    senders = asyncio.run(_sessions(site, role))
    run = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "--config-file",
                str(CONFIGURATION),
                "run",
                str(document),
            ),
            *("--url", site.url, "--seed", "1", "--continue-on-failure", "--no-shrink", *options),
            *(f"--include-name={name}" for name in only),
        ],
        cwd=site.folder,
        env={
            **site.inherited,
            **site.environment,
            "PYTHONPATH": os.getcwd(),
            "NO_COLOR": "1",
            "FUZZ_ROLE": role,
            "FUZZ_SESSIONS": json.dumps([[str(user), str(session)] for user, session in senders]),
        },
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    selected = re.search(r"Selected: (\d+)/(\d+)", run.stdout)
    assert selected is not None, run.stdout[-3_000:]
    expected = len(set(only) - set(LEFT_OUT)) if only else int(selected[2]) - len(LEFT_OUT)
    assert int(selected[1]) == expected, "an operation is left out"
    return run.stdout


@pytest.mark.parametrize("role", ROLES)
def test_no_generated_request_finds_a_fault(site: Site, role: str) -> None:
    # What fits the schema and is refused for a reason that nobody has thought of yet is for the long run to find.
    fuzz(
        site,
        role,
        *("--phases", "examples,fuzzing", "--max-examples", "2"),
        *("--exclude-checks", "what_fits_the_schema_is_accepted"),
        only=short_list(role),
    )


def test_the_short_run_asks_each_operation_as_somebody_who_is_let_in() -> None:
    lists = {role: short_list(role) for role in ROLES}
    asked = {route for role, routes in lists.items() for route in routes if not _refused(route, role)}
    assert ROUTES.keys() - asked == set(REFUSED_TO_ALL)
    assert all(set(REFUSED_TO_ALL) < set(routes) < ROUTES.keys() for routes in lists.values())
    assert len(REFUSED_TO_ALL) < 10


def part_of(part: int) -> list[str]:
    """Each PARTS-th operation, from the `part`-th on (1 to PARTS): every part has some of each room."""
    return sorted(ROUTES)[part - 1 :: PARTS]


def test_the_parts_of_the_long_run_are_all_operations_once() -> None:
    parts = [part_of(part) for part in range(1, PARTS + 1)]
    assert sorted(route for part in parts for route in part) == sorted(ROUTES)


def _note(phase: str, role: str, part: str, printed: str, seconds: float) -> None:
    """Add a row to the table FUZZ_FILE, if that is set: phase, role, part, operations, requests, seconds."""
    operations = re.search(r"Selected: (\d+)/", printed)
    requests = re.search(r"(\d+) generated", printed)
    assert operations is not None
    assert requests is not None, printed[-3_000:]
    row = f"| {phase} | {role} | {part} | {operations[1]} | {requests[1]} | {seconds:.0f} |"
    if path := os.environ.get("FUZZ_FILE"):
        with Path(path).open("a") as file:
            file.write(f"{row}\n")


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("phase", ["coverage", "fuzzing"])
@pytest.mark.parametrize("part", range(1, PARTS + 1), ids=lambda part: f"part{part}")
def test_no_boundary_and_no_random_request_finds_a_fault(
    site: Site, role: str, phase: str, part: int
) -> None:
    begun = time.monotonic()
    printed = fuzz(site, role, "--phases", phase, "--max-examples", "50", only=part_of(part))
    _note(phase, role, f"{part} of {PARTS}", printed, time.monotonic() - begun)


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES)
def test_no_sequence_of_requests_finds_a_fault(site: Site, role: str) -> None:
    # In one part: a sequence follows what links the operations of all rooms.
    begun = time.monotonic()
    printed = fuzz(site, role, "--phases", "stateful", "--max-examples", "50")
    _note("stateful", role, "1 of 1", printed, time.monotonic() - begun)
