"""Real servers for all tests: one PostgreSQL, MongoDB and Redis for a run, one database of each for each worker."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import uvloop
from fastapi import FastAPI
from filelock import FileLock
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import loading
from gencharge.core.events.relay import Relay
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url
from gencharge.core.stores.stores import Stores
from gencharge.sessions import signing_key
from tests import changed, closed_ports, one_dialect, one_document
from tests.counting import Counted, counting, listening
from tests.run_servers import RunServers

pytest_plugins = ["tests.workers"]

# A run inside a test (tests/test_adding_a_feature.py) has databases of its own on the servers of the run around it.
_INNER = os.environ.get("GENCHARGE_TEST_INNER", "")
_DATABASES = "_".join(filter(None, ("gencharge", _INNER)))
TEMPLATE = f"{_DATABASES}_template_test"
MANY_ROWS = f"{_DATABASES}_many_rows_test"
SECRET = "tests-only-secret-key-0123456789-abcdefghijklmnop"
OTP_SECRET = "tests-only-otp-secret-0123456789-abcdefghijklmnop"
SIGNING_KEY = signing_key.make()

# Nobody listens there, so what is sent there is refused at once.
_CLOSED = "http://127.0.0.1:1"


class _Loop(uvloop.Loop):
    def close(self) -> None:
        """A ResourceWarning that is an error would leave open what nobody has closed, and wait for its end here, for ever."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", ResourceWarning)
            super().close()


class _Policy(uvloop.EventLoopPolicy):
    def _loop_factory(self) -> uvloop.Loop:
        return _Loop()


# The loop that uvicorn serves with, and the worker runs on; it takes a twentieth off the tests' CPU.
with warnings.catch_warnings():
    # Python 3.14 means to end policies. What pytest-asyncio has in their place begins module fixtures again within a module.
    warnings.simplefilter("ignore", DeprecationWarning)
    asyncio.set_event_loop_policy(_Policy())
closed_ports.install()
# Each client of httpx makes one, also where nobody speaks TLS, as each application does: it reads all authorities, in 20 ms of CPU.
ssl.create_default_context = cache(ssl.create_default_context)
one_dialect.install()
# Seldom: at Python's own thresholds each sixteenth second of the tests went into looking for garbage, with Hypothesis' timer of it.
loading.begin(afterwards=(5_000, 10, 10))


@pytest.fixture(scope="session")
def servers(worker_id: str) -> Path:
    """The folder of this run's embedded servers."""
    del worker_id
    return Path(os.environ["GENCHARGE_TEST_SERVERS"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--changed` and `--changed-first`, see tests/changed.py."""
    parser.addoption(
        "--changed", action="store_true", help="run the tests of what was changed since main only"
    )
    parser.addoption(
        "--changed-first", action="store_true", help="run the one test file of each changed file only"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--changed` or `--changed-first`, look at no other file."""
    first = config.getoption("--changed-first")
    if not (first or config.getoption("--changed")) or collection_path.is_dir():
        return None
    path = collection_path.relative_to(changed.ROOT).as_posix()
    return None if changed.selected(path, _first_places() if first else _places_to_test()) else True


@cache
def _first_places() -> frozenset[str]:
    return frozenset(changed.first_places())


@cache
def _places_to_test() -> frozenset[str]:
    return frozenset(changed.places_to_test())


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage, again and again, took a twentieth of a run."""
    loading.end()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to start the servers of the run, and to migrate the template database."""
    if "GENCHARGE_TEST_SERVERS" in os.environ:
        if _INNER:
            one_document.forget()
            _derive_template(Path(os.environ["GENCHARGE_TEST_SERVERS"]))
        return
    _keep_files_in_memory()
    servers = RunServers(_make_template)
    os.environ["GENCHARGE_TEST_SERVERS"] = str(servers.folder)
    config.stash[_SERVERS] = servers


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, Any, Any]:
    """The first test begins when the servers are ready. A wrapper comes before the loops, also that of tests/workers.py."""
    servers = session.config.stash.get(_SERVERS, None)
    if servers is not None and not session.config.option.collectonly:
        servers.wait()
    return (yield)


def _make_template(folder: Path) -> None:
    with _administration(folder) as connection:
        _create_database(connection, TEMPLATE, template=None)
    migrations.upgrade(test_settings(folder, TEMPLATE))


def _keep_files_in_memory() -> None:
    """Put all temporary files, the servers' among them, into memory where there is plenty of it, unless TMPDIR says where.

    A database for each file of tests is six hundred files to write and to delete again: that is half of the system's time on a disk.
    """
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK | os.X_OK):
        return
    if min(shutil.disk_usage(memory).free, psutil.virtual_memory().available) > _MUCH_MEMORY:
        os.environ["TMPDIR"] = str(memory)
        tempfile.tempdir = None  # looked up again


def _derive_template(folder: Path) -> None:
    """The template of an inner run: that of the outer one, with the inner one's migrations on top."""
    fresh_database(folder, TEMPLATE, template="gencharge_template_test")
    migrations.upgrade(test_settings(folder, TEMPLATE))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what pytest_configure started."""
    started = config.stash.get(_SERVERS, None)
    if started is not None:
        started.stop()
        os.environ.pop("GENCHARGE_TEST_SERVERS", None)


_MUCH_MEMORY = 10 * 2**30
_SERVERS = pytest.StashKey[RunServers]()


def _administration(folder: Path) -> psycopg.Connection:
    """Each connection is a process of PostgreSQL: one drops a database and creates the next."""
    return psycopg.connect(embedded_postgres_url(folder, "postgres"), autocommit=True)


def _create_database(connection: psycopg.Connection, name: str, *, template: str | None) -> None:
    # A copy of the files costs half of what a copy through the log does.
    like = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    connection.execute(f'CREATE DATABASE "{name}"{like}')


def _dropped(connection: psycopg.Connection, name: str) -> bool:
    """Drop a database of an earlier file of tests, unless that takes too long.

    DROP DATABASE waits for every session of the server. One of our sessions may wait for this process to read its answer, and
    this process does not read while it stands here.
    """
    connection.execute("SET statement_timeout = '5s'")
    try:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    except psycopg.errors.QueryCanceled:
        return False
    finally:
        connection.execute("RESET statement_timeout")
    return True


def fresh_database(folder: Path, name: str, *, template: str = TEMPLATE) -> str:
    """A migrated, empty database of this name (must end in _test), or of one like it if the old one won't go."""
    stem = name.removesuffix("_test")
    with _administration(folder) as connection:
        name = next(
            candidate
            for candidate in (name, *(f"{stem}_{letter}_test" for letter in "abcdefgh"))
            if _dropped(connection, candidate)
        )
        with FileLock(
            folder / "template.lock"
        ):  # CREATE DATABASE refuses a template that another session copies
            _create_database(connection, name, template=template)
    return name


def database_of(folder: Path, worker_id: str, room: str = "", *, template: str = TEMPLATE) -> str:
    """A fresh database of this worker's own, for the tests of `room`."""
    number = "".join(filter(str.isdigit, worker_id)) or "0"
    return fresh_database(
        folder, "_".join(filter(None, (_DATABASES, room, number, "test"))), template=template
    )


def test_settings(folder: Path, database: str, **overrides: object) -> Settings:
    """Settings of a test process: the run's servers, the given database, secrets of its own."""
    number = int("".join(filter(str.isdigit, database)) or 0) % 14 + 1
    values: dict[str, object] = {
        "environment": "test",
        "data_dir": folder,
        "backup_dir": folder / f"backups-{database}",
        "database_url": embedded_postgres_url(folder, database),
        "mongo_url": embedded_mongo_url(folder),
        "mongo_database": database,
        "redis_url": f"{embedded_redis_url(folder)}?db={number}",
        "redis_timeout_seconds": 2.0,
        # Twenty at once wait for ten connections: on a busy machine longer than a customer would.
        "database_pool_timeout_seconds": 20.0,
        "payment_gateway_url": _CLOSED,
        "port": 1,
        "sandbox_port": 0,
        "secret_key": SECRET,
        "otp_secret": OTP_SECRET,
        # For copies in production; HS256 signs in a test.
        "signing_key": SIGNING_KEY,
        "dev_fixed_otp": "111111",
        "access_log": False,
        "log_level": "WARNING",
    }
    return Settings(_env_file=None, **(values | overrides))  # type: ignore[arg-type, call-arg]


test_settings.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def settings(servers: Path, worker_id: str) -> Settings:
    """Settings for one file of tests, with a fresh database: what another file left behind breaks no check of the books."""
    return test_settings(servers, database_of(servers, worker_id))


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, its lifespan running."""
    from gencharge.api.main import create_app

    app = one_document.share(create_app(settings))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
def stores(app: FastAPI) -> Stores:
    """The application's own stores."""
    stores: Stores = app.state.stores
    return stores


@pytest.fixture(scope="module")
async def shop(app: FastAPI, stores: Stores) -> Stores:
    """The stores, with the sample catalogue on sale, which the application knows already."""
    from gencharge.operators import service as operators
    from gencharge.plans import service as plans
    from tests.make.money import sell_sample_plans

    await sell_sample_plans(stores)
    await operators.Operators.of(app).refresh(stores.database)
    await plans.Catalogue.of(app).refresh(stores.database)
    return stores


@pytest.fixture
async def db(stores: Stores) -> AsyncIterator[AsyncSession]:
    """A transaction that commits at the end of the test. To see one commit within a test, use `stores.database.run`."""
    async with stores.database.transaction() as session:
        yield session


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the application, without a network between."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def queries(stores: Stores) -> Iterator[Callable[[], AbstractContextManager[Counted]]]:
    """Counts the SQL statements of a request: `with queries() as counted: ...; assert counted.statements <= 3`."""
    with listening(stores.database):
        yield counting


@pytest.fixture(scope="module")
def relay(stores: Stores) -> Relay:
    """The outbox relay: `await relay.drain()` delivers what was announced so far."""
    from gencharge import wiring

    return Relay(stores, wiring.LISTENERS)
