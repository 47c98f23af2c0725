"""What is written down of messages that their providers took: of many at the price of a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gencharge.core import faultpoints
from gencharge.core.rooms.resealing import while_away
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.messages import queue_crud
from gencharge.messages.crud import Db
from gencharge.messages.models import MessageChannel
from gencharge.messages.senders import Task


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that its provider took, and how many units it bills."""

    task: Task
    units: int
    at: datetime


async def record(
    documents: Db, prices: Mapping[MessageChannel, int], retention: timedelta, sent: Sequence[Sent]
) -> None:
    """Add up what these cost, then record that they were sent. Waits while MongoDB is away: that makes no second copies.

    The costs come first: a worker that dies in between has its messages sent and billed once more, and counted once more. `prices`: of a unit
    of each channel, in thousandths of a paisa.
    """
    batch, by_channel = new_id(), defaultdict[MessageChannel, list[Sent]](list)
    for each in sent:
        by_channel[each.task.channel].append(each)
    day = clock.now().astimezone(clock.IST).date().isoformat()
    for channel, entries in by_channel.items():
        units = sum(each.units for each in entries)
        await _add_costs(documents, batch, day, channel, len(entries), units, units * prices[channel])
    await faultpoints.point("messages.costs_added")
    # Those of one claim with as many units are recorded together, as sent when the last of them was.
    alike = defaultdict[tuple[UUID, MessageChannel, int], list[Sent]](list)
    for each in sent:
        alike[each.task.lease_id, each.task.channel, each.units].append(each)
    for (lease_id, channel, units), entries in alike.items():
        at = max(each.at for each in entries)
        cost = {"units": units, "millipaise": units * prices[channel]}
        ids = [each.task.id for each in entries]
        await _set_sent(documents, ids, lease_id, {"sent_at": at, "purge_at": at + retention, **cost})


async def _add_costs(
    documents: Db, batch: UUID, day: str, channel: MessageChannel, messages: int, units: int, cost: int
) -> None:
    await while_away(
        lambda: queue_crud.add_costs(
            documents, batch, day, channel, messages=messages, units=units, millipaise=cost
        )
    )


async def _set_sent(
    documents: Db, ids: Sequence[UUID], lease_id: UUID, recorded: Mapping[str, object]
) -> None:
    await while_away(lambda: queue_crud.set_sent(documents, ids, lease_id, recorded))
