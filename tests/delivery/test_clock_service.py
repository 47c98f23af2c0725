"""An operator that finds our clock off: an alert for each channel, and not one for each recharge."""

from __future__ import annotations

import pytest

from gencharge.channels.service import Verdict
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.delivery import clock_service
from tests.make.delivery import FIRST, SECOND, purchase
from tests.make.recharge import list_events

STALE = {"reason": clock_service.CLOCK_IS_OFF}


async def rejected(stores: Stores) -> list[str]:
    events = await list_events(stores, SYSTEM_USER_ID, "ClockRejected")
    return [event["channel"] for event in events]


async def test_the_staff_are_alerted_once_a_channel_whether_we_submit_or_ask(
    jio: Stores, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        bought = await purchase(jio)
        await bought.answer(await bought.submit(), Verdict.NOT_SENT, **STALE)
        assert (await bought.fulfilment()).last_error == "stale_timestamp"
    assert await rejected(jio) == [FIRST]
    asked = await purchase(jio)
    reference = await asked.submit(SECOND)
    await asked.answer(reference, Verdict.UNKNOWN, **STALE)
    assert (await asked.fulfilment()).last_error == "stale_timestamp"
    assert await rejected(jio) == [FIRST, SECOND]
    assert capsys.readouterr().out.count("operator_rejects_our_clock") == 4
    monkeypatch.setattr(clock_service, "QUIET_SECONDS", 0.0)
    await asked.answer(reference, Verdict.UNKNOWN, **STALE)
    assert sorted(await rejected(jio)) == sorted([FIRST, SECOND, SECOND])
