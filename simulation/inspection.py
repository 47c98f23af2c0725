"""The end of a life: every check of the product, then the notebook against the product's own answers."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.audit import sealing_service, verification_service
from gencharge.core.rooms import checks
from gencharge.core.values import clock
from simulation import invitations, refills, standing
from simulation.invitations import Reward
from simulation.notebook import Notebook
from simulation.town import Town

# What a life leaves nothing of. Each query counts; what is counted must not be there.
_LEFT_OVER = {
    "events that nobody was told of": "SELECT count(*) FROM events",
    "deliveries of events that did not go through": "SELECT count(*) FROM deliveries",
    "recharges without an end": "SELECT count(*) FROM recharges WHERE status IN ('processing', 'unknown', 'payment_pending')",
    "money held for nothing": "SELECT count(*) FROM wallets WHERE held <> 0",
    "refunds that were not sent": "SELECT count(*) FROM refunds WHERE status <> 'processed'",
    "differences with the gateway or an operator": "SELECT count(*) FROM reconciliation_differences",
    "plans that run on after their end": "SELECT count(*) FROM active_plans WHERE status = 'active' AND valid_until < :now",
    "plans of recharges that are over": (
        "SELECT count(*) FROM active_plans JOIN recharges ON recharges.id = recharge_id AND recharges.user_id = active_plans.user_id"
        " WHERE recharges.status = 'failed' AND active_plans.status <> 'cancelled'"
    ),
    "plans that wait behind nothing": (
        "SELECT count(*) FROM active_plans AS q WHERE status = 'queued' AND NOT EXISTS (SELECT FROM active_plans AS a"
        " WHERE a.phone_number = q.phone_number AND a.status = 'active' AND NOT a.is_addon)"
    ),
    "running plans of recharges that were taken back": (
        "SELECT count(*) FROM active_plans JOIN recharges ON recharges.id = recharge_id AND recharges.user_id = active_plans.user_id"
        " WHERE recharges.status = 'refunded' AND active_plans.status IN ('active', 'queued')"
    ),
    "plans that ran on to their end after their recharges were taken back": (
        "SELECT count(*) FROM active_plans JOIN recharges ON recharges.id = recharge_id AND recharges.user_id = active_plans.user_id"
        " JOIN (SELECT user_id, recharge_id, max(created_at) AS at FROM recharge_refunds GROUP BY user_id, recharge_id) AS back"
        " ON back.user_id = recharges.user_id AND back.recharge_id = recharges.id"
        " WHERE recharges.status = 'refunded' AND active_plans.status = 'expired' AND valid_until > back.at"
    ),
    "complaints that nobody settled": (
        "SELECT count(*) FROM complaints WHERE status = 'open' AND created_at < CAST(:now AS timestamptz) - interval '9 days'"
    ),
    "bills on whose payment nobody waits": (
        "SELECT count(*) FROM bills JOIN recharges ON recharges.id = bills.recharge_id AND recharges.user_id = bills.user_id"
        " WHERE bills.status = 'paying'"
    ),
    "numbers with two running base plans": (
        "SELECT count(*) FROM (SELECT phone_number FROM active_plans WHERE status = 'active' AND NOT is_addon"
        " GROUP BY phone_number HAVING count(*) > 1) AS two"
    ),
}


@dataclass(slots=True)
class Report:
    """What a life came to. `problems` is empty if all of it is true."""

    counts: Counter[str]
    refused: Counter[str]
    problems: list[str] = field(default_factory=list)
    digest: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


async def inspect(town: Town, delivered: list[tuple[str, int, float]]) -> Report:
    """Check everything. `delivered` is what the operators say: number, paise and instant of each recharge that they delivered."""
    notebook, database = town.notebook, town.world.stores.database
    problems = await _autopays(town)
    await _refills(town)
    problems += town.strange
    problems += notebook.conclude(delivered)
    problems += town.counter.judge()
    problems += await _rewards(town)
    # When the worker's loops were run for the last time.
    ended = town.ends_at + timedelta(hours=8)
    with clock.at(ended):
        report = await checks.run(database, wiring.CHECKS)
        problems += [line for line in report.lines if not line.startswith("ok")]
        await sealing_service.seal(town.world.stores)
        trail = await verification_service.verify(town.world.stores)
        problems += [] if trail.ok else trail.lines
        for what, query in _LEFT_OVER.items():
            number = await _count(town, query)
            if number:
                problems.append(f"{number} {what}")
        balances = await _balances(town, problems)
    statuses = await _statuses(town)
    booked = statuses["delivered"] + statuses["refunded"]
    if booked != notebook.counts["delivered"]:
        problems.append(
            f"{notebook.counts['delivered']} recharges were delivered, and {booked} are on the books"
        )
    notices = await town.world.stores.documents["notices"].count_documents(
        {"kind": {"$in": ["plan_recharged", "bill_paid"]}}
    )
    if notices != notebook.counts["delivered"]:
        problems.append(
            f"{notebook.counts['delivered']} recharges were delivered, and {notices} notices say so"
        )
    if statuses["failed"] != notebook.counts["failed"]:
        problems.append(
            f"{notebook.counts['failed']} recharges failed, and {statuses['failed']} are on the books"
        )
    notebook.counts["autopay attempts more than an hour late"] = await _count(
        town, "SELECT count(*) FROM autopay_attempts WHERE late_seconds >= 3600"
    )
    notebook.counts["plans that ended"] = await _count(
        town, "SELECT count(*) FROM active_plans WHERE status = 'expired'"
    )
    notebook.counts.update({f"crashes at {name}": number for name, number in town.crashes.counts.items()})
    return Report(notebook.counts, notebook.refused, problems, _digest(notebook, balances))


async def _autopays(town: Town) -> list[str]:
    """Enter what the autopays bought into the notebook; what is wrong with their due dates."""
    attempts = await town.world.stores.database.run(standing.list_attempts)
    numbers = {person.user_id: person.number for person in town.people}
    notebook = town.notebook
    for attempt in attempts:
        notebook.counts[f"autopays {attempt.outcome}"] += 1
        sale = attempt.sale(
            numbers[attempt.person], over_api=town.goes_over_api(attempt.operator, attempt.sold_at)
        )
        if sale is not None:
            notebook.counts["bills paid by autopay"] += sale.is_bill
            notebook.sell(sale)
            town.counter.has_given(sale)
    return town.standing.judge(attempts, notebook.gone, town.ends_at)


async def _refills(town: Town) -> None:
    """Enter what came from banks by itself into the notebook."""
    numbers = {person.user_id: person.number for person in town.people}
    for user_id, outcome, paise in await town.world.stores.database.run(refills.list_charges):
        town.notebook.counts[f"automatic top-ups {outcome}"] += 1
        if outcome == "succeeded":
            town.notebook.receive(numbers[user_id], paise)


async def _rewards(town: Town) -> list[str]:
    """Enter what referrals brought into the notebook; what is wrong with the rewards."""
    notebook, people = town.notebook, {person.user_id: person for person in town.people}
    rewards: dict[int, list[Reward]] = defaultdict(list)
    for reward in await town.world.stores.database.run(invitations.list_rewards):
        rewards[people[reward.friend].number].append(reward)
        notebook.counts[f"rewards {'held' if reward.is_held else reward.state}"] += 1
        if reward.state == "paid":
            notebook.receive(people[reward.owner].number, reward.amount)
    problems = []
    for invitation in town.invitations:
        own = rewards.pop(invitation.friend, [])
        here = {invitation.friend, invitation.referrer} - notebook.gone
        if len(own) != len({reward.owner for reward in own}) or (len(own) < 2 and len(here) == 2):
            problems.append(f"the referral of customer {invitation.friend} has {len(own)} rewards")
        for reward in own:
            owner = people[reward.owner].number
            problem = invitations.judge(notebook, invitation, owner, reward)
            if problem is not None:
                problems.append(
                    f"the reward of customer {owner} for the referral of customer {invitation.friend} {problem}"
                )
    return problems + [f"customer {friend} has rewards, and nobody referred them" for friend in rewards]


async def _count(town: Town, query: str) -> int:
    async def unit(db: AsyncSession) -> int:
        values = {"now": clock.now()} if ":now" in query else {}
        return int(await db.scalar(text(query), values) or 0)

    return await town.world.stores.database.run(unit)


async def _statuses(town: Town) -> Counter[str]:
    async def unit(db: AsyncSession) -> Counter[str]:
        rows = await db.execute(text("SELECT status, count(*) FROM recharges GROUP BY status"))
        return Counter({status: number for status, number in rows})

    return await town.world.stores.database.run(unit)


async def _balances(town: Town, problems: list[str]) -> list[int]:
    """What each wallet holds, in the order of the people; a line for each that is not what was agreed."""
    balances, available = [], await _available(town)
    for person in town.people:
        held = available.get(person.user_id)
        agreed = town.notebook.wallets.get(person.number)
        if person.number in town.notebook.gone:
            continue
        balances.append(held or 0)
        if held is not None and agreed is not None and held != agreed:
            problems.append(
                f"customer {person.number} has Rs {held / 100:.2f} in the wallet, and Rs {agreed / 100:.2f} was agreed"
            )
    return balances


async def _available(town: Town) -> dict[UUID, int]:
    """What each customer can spend, less what they owe of cashback and rewards that were taken back after they were spent."""

    async def unit(db: AsyncSession) -> dict[UUID, int]:
        rows = await db.execute(
            text(
                "SELECT user_id, posted - held - coalesce(cashback.owed, 0) - coalesce(rewards.owed, 0) FROM wallets"
                " LEFT JOIN cashback_debts AS cashback USING (user_id) LEFT JOIN referral_accounts AS rewards USING (user_id)"
            )
        )
        return {user_id: available for user_id, available in rows}

    return await town.world.stores.database.run(unit)


def _digest(notebook: Notebook, balances: list[int]) -> str:
    """The same for the same life."""
    facts = repr((sorted(notebook.counts.items()), sorted(notebook.refused.items()), balances))
    return hashlib.sha256(facts.encode()).hexdigest()[:16]
