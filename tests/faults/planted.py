"""`python -m tests.faults.planted worker`: the product's worker with a bug in it, which the fault matrix has to find.

PLANTED says which: `time_out_is_refusal` takes silence for a no; `new_reference` sends again under another name.
"""

from __future__ import annotations

import os
from dataclasses import replace

from gencharge.channels import service as channels_service
from gencharge.channels.client import OperatorClient
from gencharge.channels.models import FulfilmentState
from gencharge.channels.service import Answer, Channel, ChannelsSnapshot, Submission, Task, Verdict
from gencharge.delivery.loop import Dispatcher
from gencharge.run import cli

_submit = OperatorClient.submit
_ask = Dispatcher._ask


async def time_out_is_refusal(self: OperatorClient, channel: Channel, what: Submission) -> Answer:
    """As if an operator that does not answer had said no."""
    answer = await _submit(self, channel, what)
    return replace(answer, verdict=Verdict.REFUSED) if answer.verdict is Verdict.UNKNOWN else answer


async def new_reference(self: Dispatcher, task: Task, channels: ChannelsSnapshot) -> None:
    """As if what has no answer could be submitted once more as something new."""
    await self._stores.database.run(
        lambda db: channels_service.postpone(
            db, task.user_id, task.recharge_id, seconds=0, state=FulfilmentState.DUE
        )
    )
    await self._submit(replace(task, state=FulfilmentState.DUE), channels)


if __name__ == "__main__":
    if os.environ["PLANTED"] == "time_out_is_refusal":
        OperatorClient.submit = time_out_is_refusal  # type: ignore[method-assign]
    else:
        Dispatcher._ask = new_reference  # type: ignore[method-assign]
    cli.app()
