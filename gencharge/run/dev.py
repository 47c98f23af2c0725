"""`gencharge dev`, which `make run` calls: stores, migrations, sample data, API, worker and sandbox, in one terminal."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console

from gencharge.run import machine, sample
from gencharge.run.embedded import EmbeddedServers, ServerFailed, disk
from gencharge.run.programs import Programs, programs_of
from gencharge.run.sample import SANDBOX_HOST
from gencharge.run.stop_signals import Stop, StopSignals

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

DEVELOPMENT_OTP: Final = "111111"
_START_SECONDS: Final = 60
# Of the whole stop, whatever hangs. The programs end within the first 10.5 of it; the stores get the rest.
_STOP_SECONDS: Final = 12.5
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
    "velocity_payers_of_address_per_day": "10000",
    "velocity_payers_of_device_per_day": "10000",
    "velocity_topups_per_hour": "1000",
    "velocity_topup_rupees_per_day": "10000000",
    "velocity_cautious_rupees_per_day": "10000000",
}

console = Console(highlight=False, soft_wrap=True)


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
    programs = programs_of(settings.data_dir.resolve() / "logs", _extra_environment(settings))
    try:
        with StopSignals() as signals:
            _start(settings, servers, programs, signals)
            _welcome(settings)
            _watch(servers, programs)
    except Stop:
        return 0
    finally:
        _stop(servers, programs)
    return 0


def _start(settings: Settings, servers: EmbeddedServers, programs: Programs, signals: StopSignals) -> None:
    first = not (servers.data_dir / "postgres").exists()
    with _step(
        "Starting PostgreSQL, MongoDB and Redis" + (" (the first time: creating the database)" * first)
    ):
        # Loading the API takes longer than all else, and needs no store: it goes on beside the next steps.
        with signals.held():
            programs.load()
        with signals.held():
            servers.start()
        # What the next steps need is imported while the servers come up.
        from gencharge.core.postgres import migrations

        _require_configured_stores(settings)
        servers.wait_ready("postgres", "redis")
    with _step("Bringing the schema up to date"):
        try:
            migrations.upgrade(settings)
        except (migrations.NewerSchema, migrations.NotPermitted) as problem:
            raise ServerFailed(str(problem)) from None
    if not first:
        # What a newer version adds to the sample data comes beside it.
        with signals.held():
            programs.start("serve")
    with_history = first and sample.has_life(settings)
    with _step("Adding the sample data" + ", with three months of history" * with_history):
        if sample.has_life(settings):
            servers.wait_ready("mongo")
        with signals.held():
            programs.begin("seed")
        programs.finish("seed")
    with _step("Starting the API, the worker and the sandbox"):
        with signals.held():
            programs.start("serve")
        _wait_live(settings, servers, programs)
        # Not before: two programs that start at once serve later than one.
        with signals.held():
            programs.start("worker")
            if settings.sandbox_port:
                programs.start("sandbox")


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
    """What the programs get on top of our environment; nothing that was set is changed."""
    defaults = {"environment": "development", "log_format": "console", **_PATIENT}
    if settings.sandbox_port:
        defaults["payment_gateway_url"] = sample.sandbox_url(settings)
        defaults["message_inbox_url"] = f"{sample.sandbox_url(settings)}/sandbox/messages"
        # The sandbox reports which of these arrived.
        defaults["sms_receipt_secret"] = secrets.token_urlsafe(32)
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


def _wait_live(settings: Settings, servers: EmbeddedServers, programs: Programs) -> None:
    from gencharge.run.doctor import http_status

    deadline = time.monotonic() + _START_SECONDS
    while http_status(settings.host, settings.port, "/health/live", timeout=5) != 200:
        _check(servers, programs)
        if time.monotonic() > deadline:
            raise ServerFailed(
                f"the API did not answer within {_START_SECONDS} s; see {programs.log_of('serve')}"
            )
        time.sleep(0.02)  # Nothing tells us when the API listens; it has to be asked.


def _watch(servers: EmbeddedServers, programs: Programs) -> None:
    """Show the programs' logs until one of them or a store ends."""
    while True:
        if text := programs.news():
            console.out(text, end="", highlight=False)
        _check(servers, programs)
        time.sleep(_LOOK_SECONDS)  # Their logs are files, so that a slow terminal never holds them up.


def _check(servers: EmbeddedServers, programs: Programs) -> None:
    servers.check()
    programs.check()


def _stop(servers: EmbeddedServers, programs: Programs) -> None:
    began_at = time.monotonic()
    with _step("Stopping"):
        programs.stop()
        servers.stop(max(0.0, began_at + _STOP_SECONDS - time.monotonic()))
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
