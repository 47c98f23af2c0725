"""How many codes are sent: caps that a flushed Redis does not forget, pauses that double, a budget for the SMS bill.

Caps and pauses of a number and of an address are counted here, in PostgreSQL, when a code is asked for. The budgets, of the
whole service and of all numbers with one prefix, are counted when a message really goes out, so that nobody learns from
them which numbers have accounts. Devices and addresses that are known to be the owner's have budgets of their own, or strangers
could keep everybody from signing in; and these have an end, too, or who owns many accounts could run up any bill.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth import sends_crud
from gencharge.auth.challenges import Issued, Purpose
from gencharge.auth.context import AuthContext
from gencharge.auth.errors import OtpLimitExceeded, OtpTooSoon, SendingSuspended, SignInUnavailable
from gencharge.auth.events import CodeBudgetUsed
from gencharge.auth.models import CodeSends
from gencharge.auth.sources import Source
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.message import Message
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
# 30, 60, 120, 120 ... seconds.
_LONGEST_PAUSE: Final = 4
# `+91` and the first four digits: one operator's series in one circle.
_PREFIX_LENGTH: Final = 7
_WARNING: Final = 0.8
HELD_BACK: Final = Counter(
    "gencharge_codes_held_back_total", "Codes that a used-up budget stopped", ["budget"]
)
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Budget:
    """So many messages in a window."""

    name: str
    limit: int
    window: timedelta


def budgets_of(settings: Settings, recipient: str, *, known: bool = False) -> list[Budget]:
    """The budgets that a message to this number spends; none for an e-mail address. `known`: a device or an address of its owner asked."""
    if not recipient.startswith("+"):
        return []
    kind, factor = ("known-", settings.otp_known_factor) if known else ("", 1)
    return [
        Budget(f"{kind}day", factor * settings.otp_sends_per_day, _DAY),
        Budget(f"{kind}hour", factor * settings.otp_sends_per_hour, _HOUR),
        Budget(
            f"{kind}prefix:{recipient[:_PREFIX_LENGTH]}", factor * settings.otp_sends_per_prefix_hour, _HOUR
        ),
    ]


async def issue(context: AuthContext, purpose: Purpose, recipient: str, *, source: Source) -> Issued:
    """A new code for a number or an e-mail address, within the caps.

    Raises OtpTooSoon, OtpLimitExceeded, SendingSuspended, SignInUnavailable.
    """
    address = telemetry.context().address
    pause_seconds = await context.database.run(
        lambda db: _count(context, db, purpose, recipient, source, address)
    )
    try:
        issued = await context.challenges.issue(
            purpose, recipient, context.codes(recipient), source=source, address=address
        )
    except SignInUnavailable:
        # Redis is away: nothing was sent, so nothing counts, and the next try need not wait.
        await context.database.run(lambda db: _take_back(context, db, purpose, recipient, source, address))
        raise
    return replace(issued, resend_after_seconds=pause_seconds)


async def _count(
    context: AuthContext, db: AsyncSession, purpose: Purpose, recipient: str, source: Source, address: str
) -> int:
    """Count a code that is asked for: how many seconds until the next one."""
    settings, now = context.settings, clock.now()
    await _refuse_without_budget(db, budgets_of(settings, recipient, known=source.known), now)
    pauses, sends, by_address = await _rows(context, db, purpose, recipient, source, address)
    for row in filter(None, (pauses, sends, by_address)):
        _begin_anew(row, _HOUR, now)
    pause = timedelta(seconds=settings.otp_resend_seconds)
    if pauses.last_at is not None and (until := pauses.last_at + pause * _factor(pauses)) > now:
        headers = _headers(context, sends, by_address, now)
        raise OtpTooSoon(retry_after_seconds=_seconds(until - now), headers=headers)
    for capped, limit in (
        (by_address, settings.otp_sends_per_address_hour),
        (sends, settings.otp_sends_per_phone_hour),
    ):
        if capped is not None and capped.count >= limit:
            headers = _headers(context, sends, by_address, now)
            raise OtpLimitExceeded(
                retry_after_seconds=_seconds(capped.began_at + _HOUR - now), headers=headers
            )
    for row in filter(None, (pauses, sends, by_address)):
        row.count += 1
        row.last_at = now
    return settings.otp_resend_seconds * _factor(pauses)


async def _rows(
    context: AuthContext, db: AsyncSession, purpose: Purpose, recipient: str, source: Source, address: str
) -> tuple[CodeSends, CodeSends, CodeSends | None]:
    """The counts of the pause, of the number and of the address, locked; a proven device has none of its address."""
    # As in `challenges`: strangers share one allowance of a number, a known device has its own.
    group = source.text if source.known else "strangers"
    now = clock.now()

    async def row_of(kind: str, value: str) -> CodeSends:
        return await sends_crud.lock_sends(
            db, f"{kind}:{context.challenges.name_of('sends', value)}", now=now
        )

    pauses = await row_of("pause", f"{purpose}|{recipient}|{group}")
    sends = await row_of("phone", f"{recipient}|{'devices' if source.proven else group}")
    return pauses, sends, None if source.proven else await row_of("address", address)


async def _take_back(
    context: AuthContext, db: AsyncSession, purpose: Purpose, recipient: str, source: Source, address: str
) -> None:
    """Count a code less, and let the next one follow at once."""
    pauses, *others = await _rows(context, db, purpose, recipient, source, address)
    pauses.last_at = None
    for row in filter(None, (pauses, *others)):
        row.count = max(row.count - 1, 0)


def _headers(
    context: AuthContext, sends: CodeSends, by_address: CodeSends | None, now: datetime
) -> dict[str, str]:
    windows = [
        value
        for row in (sends, by_address or sends)
        for value in (row.count, _seconds(row.began_at + _HOUR - now) * 1000)
    ]
    return context.challenges.limit_headers(*windows, by_address=by_address is not None)


def _factor(row: CodeSends) -> int:
    """By what the pause is multiplied after the codes of this window."""
    return min(1 << max(row.count - 1, 0), _LONGEST_PAUSE)


def _begin_anew(row: CodeSends, window: timedelta, now: datetime) -> None:
    if row.began_at + window <= now:
        row.count, row.began_at = 0, now


async def _refuse_without_budget(db: AsyncSession, budgets: list[Budget], now: datetime) -> None:
    rows = {row.name: row for row in await sends_crud.list_sends(db, [_row_of(one) for one in budgets])}
    for budget in budgets:
        row = rows.get(_row_of(budget))
        if row is not None and row.count >= budget.limit and row.began_at + budget.window > now:
            raise SendingSuspended(headers={"Retry-After": str(_seconds(row.began_at + budget.window - now))})


async def within_budget(
    context: AuthContext, errand: Awaitable[Message | None], recipient: str, source: Source
) -> Message | None:
    """The message that `errand` comes up with, once its budgets are spent; None if there is none, or no budget left."""
    message = await errand
    if message is None:
        return None
    full = await context.database.run(lambda db: _spend_budgets(context, db, recipient, source))
    if full is None:
        return message
    HELD_BACK.labels(full.partition(":")[0]).inc()
    log.warning("code_held_back", budget=full)
    return None


async def _spend_budgets(
    context: AuthContext, db: AsyncSession, recipient: str, source: Source
) -> str | None:
    """Count a message in its budgets; the name of one that is used up, and then nothing is counted."""
    now = clock.now()
    budgets = budgets_of(context.settings, recipient, known=source.known)
    rows = [await sends_crud.lock_sends(db, _row_of(budget), now=now) for budget in budgets]
    for row, budget in zip(rows, budgets, strict=True):
        _begin_anew(row, budget.window, now)
        if row.count >= budget.limit:
            return budget.name
    for row, budget in zip(rows, budgets, strict=True):
        row.count += 1
        row.last_at = now
        if row.count in {budget.limit, ceil(budget.limit * _WARNING)}:
            used = CodeBudgetUsed(
                user_id=str(SYSTEM_USER_ID), budget=budget.name, used=row.count, limit=budget.limit
            )
            await emit(db, used)
    return None


async def forget_old_sends(db: AsyncSession) -> None:
    """Delete the counts that no window holds any more."""
    await sends_crud.delete_old_sends(db, before=clock.now() - 2 * _DAY)


def _row_of(budget: Budget) -> str:
    return f"budget:{budget.name}"


def _seconds(wait: timedelta) -> int:
    return ceil(wait.total_seconds())
