"""What goes wrong outside: the gateway and the operators refuse, break down, lose answers, and say things twice.

Nothing here takes real time, such as an answer that comes late: the clock is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from life.world import World

# By whom and at what; "*" is whichever operator's channel is asked.
_AT_SUBMISSION: Final = (
    "decline",
    "decline",
    "decline",
    "server_error_before",
    "server_error_after",
    "garbage",
    "too_many_requests",
    "redirect",
    "success_without_callback",
)
_AT_PAYMENT: Final = ("duplicate_callback", "reordered_callbacks")


async def at_submission(world: World, chance: Random, phone_number: str) -> None:
    """Something happens to the next submissions for this number, and sometimes to the questions after it."""
    match = {"phone_number": phone_number.removeprefix("+91")}
    kind = chance.choice(_AT_SUBMISSION)
    await _lay(world, "*", "submit", kind, match, times=chance.choice((1, 2, 3)))
    if chance.random() < 0.3:
        await _lay(world, "*", "status", "server_error_before", match, times=1)


async def at_payment(world: World, chance: Random, paise: int) -> None:
    """The notices of the next payment of this amount come more than once, or in the wrong order."""
    await _lay(world, "gateway", "payment", chance.choice(_AT_PAYMENT), {"amount": paise}, times=1)


async def _lay(
    world: World, target: str, operation: str, script: str, match: Mapping[str, object], *, times: int
) -> None:
    body = {"target": target, "operation": operation, "script": script, "match": match, "times": times}
    (await world.control.put("/sandbox/scripts", json=body)).raise_for_status()
