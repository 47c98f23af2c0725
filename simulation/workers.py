"""The worker's loops, working on one thing at a time: what comes first is then the same in every life of a seed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.autopay.late_service import LateRuns
from gencharge.autopay.loop import AutopayRunner
from gencharge.channels.service import Health
from gencharge.core.events.relay import Relay
from gencharge.delivery.loop import Dispatcher
from gencharge.payments.loop import PaymentChecks, RefundSender
from gencharge.recharge.jobs import advance_lines
from gencharge.referrals.jobs import pay_due
from life import customers
from life.world import World
from simulation import habits, refills


class _Dispatcher(Dispatcher):
    at_a_time = 1


class _Checks(PaymentChecks):
    at_a_time = 1


class _Refunds(RefundSender):
    at_a_time = 1


class _Autopays(AutopayRunner):
    at_a_time = 1

    async def report(self, late: LateRuns) -> None:
        """Nothing: these workers run four times a day, so most of what they do is late."""
        del late


@dataclass(slots=True)
class Workers:
    """What a worker process does, in turns."""

    world: World
    autopays: AutopayRunner

    @classmethod
    def start(cls, world: World) -> Workers:
        """A worker that remembers nothing: also after a crash."""
        world.relay = Relay(world.stores, wiring.LISTENERS)
        world.dispatcher = _Dispatcher(world.stores, world.operators)
        world.checks, world.refunds = _Checks(world.payments), _Refunds(world.payments)
        return cls(world, _Autopays(world.payments, habits.bills_of(world)))

    @classmethod
    async def restart(cls, world: World) -> Workers:
        """A new worker after a crash, once the leases of the relay that died have run out."""

        async def unit(db: AsyncSession) -> None:
            # The outbox goes by PostgreSQL's own clock, for which a simulated day takes a moment.
            await db.execute(text("UPDATE events SET leased_until = NULL WHERE leased_until IS NOT NULL"))
            await db.execute(text("UPDATE deliveries SET next_attempt_at = now() WHERE parked_at IS NULL"))

        await world.stores.database.run(unit)
        return cls.start(world)

    async def ask_operators(self) -> None:
        """The dispatcher's round."""
        # A channel is left alone for some real seconds after failures; here they would be days.
        self.world.dispatcher.health = Health()
        await self.world.dispatcher.drain()

    async def recharge(self) -> None:
        """What is due at any time of the day: autopays, and what they sold."""
        await self.autopays.drain()
        await self.ask_operators()

    async def work(self) -> None:
        """Everything that a worker does all the time."""
        world = self.world
        await self.recharge()
        await world.checks.drain()
        await world.refunds.drain()
        await refills.Checks(world.payments).drain()
        await refills.Refills(world.payments).drain()
        await customers.take_webhooks(world)
        await advance_lines(world.stores)
        await world.relay.drain()
        await pay_due(world.stores)
        await world.relay.drain()
