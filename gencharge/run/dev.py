"""`gencharge dev`, which `make run` calls: stores, migrations, sample data, API, worker and sandbox, in one terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from rich.console import Console

from gencharge.run import machine, sample
from gencharge.run.embedded import EmbeddedServers, ServerFailed, disk
from gencharge.run.preload import BEGIN
from gencharge.run.processes import last_lines, spawn
from gencharge.run.sample import SANDBOX_HOST
from gencharge.run.stop_signals import Stop, StopSignals

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

DEVELOPMENT_OTP: Final = "111111"
_START_SECONDS: Final = 60
# Of the whole stop, whatever hangs. The API answers or cancels what it took within 10 s; the stores get the rest.
_STOP_SECONDS: Final = 12.5
_CHILDREN_SECONDS: Final = 9.5
_LOOK_SECONDS: Final = 0.1
# Someone who tries the product signs in often, always from one address, reads for longer than a minute, and recharges the same
# few numbers again and again.
_PATIENT: Final = {
    "access_token_expire_minutes": "60",
    "otp_resend_seconds": "0",
    "otp_sends_per_phone_hour": "1000",
    "otp_sends_per_address_hour": "10000",
    "otp_sends_per_prefix_hour": "100000",
    "otp_sends_per_hour": "100000",
    "otp_sends_per_day": "1000000",
    "velocity_recharges_per_ten_minutes": "1000",
    "velocity_recharges_per_day": "10000",
    "velocity_recharge_rupees_per_day": "10000000",
    "velocity_numbers_per_day": "10000",
    "velocity_bill_numbers_per_day": "1000",
    "velocity_bill_customers_per_day": "1000",
    "velocity_recharges_of_number_per_day": "10000",
    "velocity_payers_of_number_per_day": "10000",
    "velocity_topups_per_hour": "1000",
    "velocity_topup_rupees_per_day": "10000000",
    "velocity_cautious_rupees_per_day": "10000000",
}

console = Console(highlight=False, soft_wrap=True)


class Child:
    """The API, the worker or the sandbox: a process, and its log, of which new lines are shown.

    With `waits` it only loads its program, until `begin` is called.
    """

    def __init__(self, name: str, settings: Settings, *, waits: bool = False) -> None:
        self.name = name
        self.log = settings.data_dir.resolve() / "logs" / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._output: BinaryIO = self.log.open("rb")
        self.process: subprocess.Popen[bytes] = spawn(
            [sys.executable, "-m", "gencharge.run.preload" if waits else "gencharge", name],
            folder=Path.cwd(),
            log=self.log,
            environment={**os.environ, **_extra_environment(settings)},
            listens=waits,
        )

    def begin(self) -> None:
        """Let a process that waits do its work, if it does not yet. `check` says so if it has ended."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            with suppress(BrokenPipeError), self.process.stdin as pipe:
                pipe.write(BEGIN)

    def show_news(self) -> None:
        """Copy what was logged since the last call to the terminal."""
        text = self._output.read()
        if text:
            console.out(text.decode(errors="replace"), end="", highlight=False)

    def check(self) -> None:
        """Raise ServerFailed, with the last words, when the process has ended by itself."""
        code = self.process.poll()
        if code is not None:
            words = "\n".join(f"    {line}" for line in last_lines(self.log, 12))
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
            raise ServerFailed(f"gencharge {self.name} {how}; its last lines:\n{words}")

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self, timeout: float) -> None:
        """Wait for the end, by force after `timeout` seconds: what is not committed comes due again."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._output.close()


def run(settings: Settings) -> int:
    """Run it all until Ctrl-C or SIGTERM (returns 0) or until a part of it ends (raises ServerFailed)."""
    if not settings.is_development:
        raise ServerFailed(
            "gencharge dev is for development; in production run `gencharge serve` and `gencharge worker`"
        )
    servers = EmbeddedServers.for_settings(settings)
    servers.require_programs()
    _require_room(servers)
    servers.lock()
    require_free_ports(settings)
    children: list[Child] = []
    try:
        with StopSignals() as signals:
            _start(settings, servers, children, signals)
            _welcome(settings)
            _watch(servers, children)
    except Stop:
        return 0
    finally:
        _stop(servers, children)
    return 0


def _start(settings: Settings, servers: EmbeddedServers, children: list[Child], signals: StopSignals) -> None:
    first = not (servers.data_dir / "postgres").exists()
    with _step(
        "Starting PostgreSQL, MongoDB and Redis" + (" (the first time: creating the database)" * first)
    ):
        # Loading the API takes longer than all else, and needs no store: it goes on beside the next steps.
        with signals.held():
            children.append(Child("serve", settings, waits=True))
        with signals.held():
            servers.start()
        # What the next steps need is imported while the servers come up.
        from gencharge.core.postgres import migrations

        if first:
            sample.load(settings)
        _require_configured_stores(settings)
        servers.wait_ready("postgres", "redis")
    with _step("Bringing the schema up to date"):
        try:
            migrations.upgrade(settings)
        except (migrations.NewerSchema, migrations.NotPermitted) as problem:
            raise ServerFailed(str(problem)) from None
    if not first:
        # What a newer version adds to the sample data comes beside it.
        children[0].begin()
    with_history = first and sample.has_life(settings)
    with _step("Adding the sample data" + ", with three months of history" * with_history):
        sample.seed(settings, lambda: servers.wait_ready("mongo"))
    with _step("Starting the API, the worker and the sandbox"):
        children[0].begin()
        _wait_live(settings, servers, children)
        # Not before: two programs that load at once serve later than one.
        with signals.held():
            children.append(Child("worker", settings))
            if settings.sandbox_port:
                children.append(Child("sandbox", settings))


def _require_configured_stores(settings: Settings) -> None:
    urls = {"postgres": settings.database_url, "mongo": settings.mongo_url, "redis": settings.redis_url}
    if any(urls.values()):
        from gencharge.run.doctor import require

        for store, url in urls.items():
            if url:
                require(settings, store)


def require_free_ports(settings: Settings) -> None:
    """Raise ServerFailed, with one line that mends it, unless the API's port and the sandbox's can be listened on."""
    if settings.sandbox_port == settings.port:
        raise ServerFailed(
            f"PORT and SANDBOX_PORT are both {settings.port}: choose another for the sandbox, "
            f"such as `SANDBOX_PORT={settings.port + 1} make run`"
        )
    addresses = [(settings.host, settings.port)]
    if settings.sandbox_port:
        addresses.append((SANDBOX_HOST, settings.sandbox_port))
    if taken := [port for host, port in addresses if not machine.is_free(host, port)]:
        are = "port {} is" if len(taken) == 1 else "ports {} are"
        pair = _free_pair(settings)
        raise ServerFailed(
            f"{are.format(' and '.join(map(str, taken)))} taken: stop what uses that, or choose others: "
            f"`PORT={pair} SANDBOX_PORT={pair + 1} make run`"
        )


def _free_pair(settings: Settings) -> int:
    """The first of two neighbouring ports that are free, above the usual ones."""
    start = settings.port + 2
    return next(
        (
            port
            for port in range(start, min(start + 200, 65_534), 2)
            if machine.is_free(settings.host, port) and machine.is_free(SANDBOX_HOST, port + 1)
        ),
        start,
    )


def _require_room(servers: EmbeddedServers) -> None:
    """Raise ServerFailed if the data folder can't be written to, or if its disk is too full to start on."""
    if not servers.servers:
        return
    if problem := disk.problem_with(servers.data_dir):
        raise ServerFailed(problem)
    # os.path, because Path.exists raises an error for a folder that this user may not look into.
    new = not os.path.exists(servers.data_dir / "postgres")
    if shortage := disk.shortage(servers.data_dir, disk.NEW_DATA_BYTES if new else disk.MORE_DATA_BYTES):
        raise ServerFailed(shortage)


def _extra_environment(settings: Settings) -> dict[str, str]:
    """What the children get on top of our environment; nothing that was set is changed."""
    defaults = {"environment": "development", "log_format": "console", **_PATIENT}
    if settings.sandbox_port:
        defaults["payment_gateway_url"] = sample.sandbox_url(settings)
        defaults["message_inbox_url"] = f"{sample.sandbox_url(settings)}/sandbox/messages"
    if _fixed_otp_allowed(settings):
        defaults["dev_fixed_otp"] = DEVELOPMENT_OTP
    return {name.upper(): value for name, value in defaults.items() if name not in settings.model_fields_set}


def _fixed_otp_allowed(settings: Settings) -> bool:
    """Whether the settings accept the fixed code (loopback, a development database, the console channel)."""
    from pydantic import ValidationError

    configured = settings.model_dump(include=settings.model_fields_set)
    try:
        type(settings)(**{**configured, "dev_fixed_otp": DEVELOPMENT_OTP})
    except ValidationError:
        return False
    return True


def _wait_live(settings: Settings, servers: EmbeddedServers, children: list[Child]) -> None:
    from gencharge.run.doctor import http_status

    deadline = time.monotonic() + _START_SECONDS
    while http_status(settings.host, settings.port, "/health/live", timeout=5) != 200:
        _check(servers, children)
        if time.monotonic() > deadline:
            raise ServerFailed(f"the API did not answer within {_START_SECONDS} s; see {children[0].log}")
        time.sleep(0.02)  # Nothing tells us when the API listens; it has to be asked.


def _watch(servers: EmbeddedServers, children: list[Child]) -> None:
    """Show the children's logs until one of them or a store ends."""
    while True:
        for child in children:
            child.show_news()
        _check(servers, children)
        time.sleep(_LOOK_SECONDS)  # Their logs are files, so that a slow terminal never holds them up.


def _check(servers: EmbeddedServers, children: list[Child]) -> None:
    servers.check()
    for child in children:
        child.check()


def _stop(servers: EmbeddedServers, children: list[Child]) -> None:
    began_at = time.monotonic()
    with _step("Stopping"):
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop(max(0.0, began_at + _CHILDREN_SECONDS - time.monotonic()))
        servers.stop(began_at + _STOP_SECONDS - time.monotonic())
    console.print(f"Stopped. The data is kept in {servers.data_dir}.")


@contextmanager
def _step(title: str) -> Iterator[None]:
    """Show a moving line while something runs, and how long it took."""
    started = time.monotonic()
    with console.status(f"{title} ..."):
        yield
    console.print(f"[green]ok[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")


def _welcome(settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    otp = settings.dev_fixed_otp or (DEVELOPMENT_OTP if _fixed_otp_allowed(settings) else "")
    code = (
        f"[bold]{otp}[/] for 9000000000-9000009999, random for others"
        if otp
        else "among the messages, and in this log"
    )
    sandbox = (
        f"  gateway    {sample.sandbox_url(settings)}, the sandbox of payments and operators\n"
        f"  messages   {sample.sandbox_url(settings)}/messages, every code that was sent\n"
    )
    console.print(
        f"\n[bold]GenCharge runs.[/] Ctrl-C stops it.\n\n"
        f"  start at   {base}\n"
        f"  try it     {base}/docs      read it  {base}/redoc      state  {base}/health/ready\n"
        f"{sandbox if settings.sandbox_port else ''}"
        f"  users      9000001001 to 9000001050, each with money in the wallet\n"
        f"  admins     from 9000000001\n"
        f"  OTP        {code}\n\n"
        "A first recharge, to paste into another terminal:\n"
    )
    console.print(recharge_example(base, otp or "CODE"), markup=False)


def recharge_example(base: str, otp: str) -> str:
    """Shell commands that sign a sample user in and recharge that user's number from the wallet."""
    return f"""\
API={base}/v1 PHONE=9000001001
send() {{ curl -sS -H 'Content-Type: application/json' "$@"; echo; }}
CHALLENGE=$(send $API/auth/login -d '{{"phone_number": "'$PHONE'"}}' |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["challenge_id"])')
TOKEN=$(send $API/auth/verify-otp-login \\
  -d '{{"phone_number": "'$PHONE'", "challenge_id": "'$CHALLENGE'", "otp": "{otp}"}}' |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
PLAN=$(curl -sS "$API/plans?operator=JIO&category=unlimited&limit=1" |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["plan_id"])')
PRICE=$(send $API/recharge/quote -H "Authorization: Bearer $TOKEN" \\
  -d '{{"phone_number": "'$PHONE'", "plan_id": "'$PLAN'"}}' |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["payable"])')
send $API/recharge/subscribe -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: first-$(date +%s)" \\
  -d '{{"phone_number": "'$PHONE'", "plan_id": "'$PLAN'", "expected_price": '$PRICE', "payment_method": "wallet",
  "source": "web", "confirm_duplicate": true}}'
"""
