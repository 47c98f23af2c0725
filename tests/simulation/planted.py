"""Bugs that are planted to be found: each would cost somebody money, a plan or a notice. A simulation that passes with
one of them in place looks at too little.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

import psycopg

from gencharge.autopay import due, run_service
from gencharge.autopay.models import Autopay
from gencharge.channels import service as channels_service
from gencharge.channels.client import OperatorClient
from gencharge.channels.models import FulfilmentState
from gencharge.channels.service import Answer, Channel, ChannelsSnapshot, Submission, Task, Verdict
from gencharge.core.postgres import functions
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.delivery.loop import Dispatcher
from gencharge.payments.loop import PaymentChecks
from gencharge.payments.models import Payment
from gencharge.referrals import lifecycle_service, screening_service
from gencharge.referrals.models import HoldReason
from simulation.town import Size

# Lives in which bugs show; a third of them do in the short one.
SHORT: Final = Size(days=20, customers=25, seed=1)
LONG: Final = Size(days=60, customers=100, seed=2)


@dataclass(frozen=True)
class InSql:
    """A SQL function that says something else in one place. `life`: one in which it shows."""

    function: str
    right: str
    wrong: str
    life: Size = SHORT


@dataclass(frozen=True)
class InPython:
    """A method of a class, or a name of a module, that is something else. `life`: one in which it shows."""

    owner: Any
    name: str
    wrong: Any
    life: Size = SHORT


_submit = OperatorClient.submit


async def _time_out_is_refusal(self: OperatorClient, channel: Channel, what: Submission) -> Answer:
    answer = await _submit(self, channel, what)
    return replace(answer, verdict=Verdict.REFUSED) if answer.verdict is Verdict.UNKNOWN else answer


async def _new_reference(self: Dispatcher, task: Task, channels: ChannelsSnapshot) -> None:
    await self._stores.database.run(
        lambda db: channels_service.postpone(
            db, task.user_id, task.recharge_id, seconds=0, state=FulfilmentState.DUE
        )
    )
    await self._submit(replace(task, state=FulfilmentState.DUE), channels)


_following = due.following


def _every_second(autopay: Autopay, now: datetime) -> tuple[int, datetime] | None:
    following = _following(autopay, now)
    return None if following is None else _following(autopay, following[1])


async def _nothing_suspicious(*_: Any, **__: Any) -> list[HoldReason]:
    return []


async def _nothing_to_check(*_: Any) -> list[Payment]:
    return []


def _key_of_each_try(*_: Any) -> str:
    return f"autopay:{new_id()}"


PLANTED: dict[str, InSql | InPython] = {
    "a failed recharge keeps the money held": InSql("fail_recharge", "IF v_held > 0 THEN", "IF false THEN"),
    "a refund gives a rupee too much": InSql(
        "refund_recharge",
        "'user:main', p_amount, ledger_code('refund')",
        "'user:main', p_amount + 100, ledger_code('refund')",
    ),
    "a refunded plan goes on running": InSql(
        "refund_recharge", "AND status IN ('active', 'queued');", "AND status IN ('queued');"
    ),
    "the next plan never starts": InSql(
        "advance_line",
        "status = 'queued'\n        ORDER BY",
        "status = 'queued' AND false\n        ORDER BY",
        LONG,
    ),
    "a plan runs three days too long": InSql(
        "advance_line",
        "NOT is_addon AND valid_until <= p_now",
        "NOT is_addon AND valid_until <= p_now - interval '3 days'",
        LONG,
    ),
    "a notice of the gateway counts each time": InSql(
        "capture_payment",
        "RETURN 'already';",
        "PERFORM wallet_transfer(p_user, new_uuid7(), 'gateway:' || v_payment.gateway,"
        " 'user:main', p_amount, ledger_code('topup'), new_uuid7()::text, p_payment, NULL, NULL, NULL, NULL, NULL, v_now);"
        " RETURN 'already';",
    ),
    "the plan of a failed recharge waits for ever": InSql(
        "fail_recharge", "SET status = 'cancelled', ended_at = v_now", "SET ended_at = NULL"
    ),
    "nobody is told of a recharge": InSql(
        "recharge_from_wallet",
        "v_id := announce_recharge('PlanRecharged'",
        "v_id := p_event; PERFORM jsonb_build_array('PlanRecharged'",
    ),
    "silence of an operator counts as a no": InPython(OperatorClient, "submit", _time_out_is_refusal, LONG),
    "an operator that did not answer gets a second order": InPython(Dispatcher, "_ask", _new_reference, LONG),
    "an offer is had more often than once each": InSql(
        "offer_reason",
        "IF reason IS NULL AND v_offer.own_uses >= v_offer.uses_per_user THEN",
        "IF false THEN",
        life=replace(LONG, seed=3),
    ),
    "the cashback of a recharge that was refunded stays": InSql(
        "return_offer",
        "v_due := part_back(v_use.paid + v_use.withheld, p_refunded, p_paid) - v_use.due_back;",
        "v_due := 0;",
    ),
    "a reward stays whose recharge was refunded": InPython(
        lifecycle_service, "_counts", lambda *_: True, LONG
    ),
    "no referral is suspicious": InPython(
        screening_service, "at_registration", _nothing_suspicious, life=replace(LONG, seed=3)
    ),
    "an autopay leaves out every second date": InPython(due, "following", _every_second, LONG),
    "an autopay that was cut off buys again": InPython(
        due, "key_of", _key_of_each_try, life=replace(LONG, crashes=0.1)
    ),
    "what a stopped worker was at is never taken up": InPython(
        run_service, "LEASE_SECONDS", 1e9, life=replace(LONG, crashes=0.1)
    ),
    "a payment whose notice was lost is never looked at": InPython(
        PaymentChecks, "claim", _nothing_to_check, life=replace(LONG, crashes=0.1)
    ),
}


@contextmanager
def planted(settings: Settings, bug: InSql | InPython) -> Iterator[None]:
    """Within the block, this bug is there: in this database, or in this process."""
    if isinstance(bug, InPython):
        with patch.object(bug.owner, bug.name, bug.wrong):
            yield
        return
    with psycopg.connect(settings.postgres_url) as connection:
        connection.execute(source_with(bug))
    yield


def source_with(bug: InSql) -> str:
    """The function with the bug in it."""
    [right] = [each.source for each in functions.read() if each.name == bug.function]
    assert right.count(bug.right) == 1, f"{bug.function} has changed: plant the bug in it again"
    return right.replace(bug.right, bug.wrong)
