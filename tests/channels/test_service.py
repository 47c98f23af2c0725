"""The channels that a process knows, the sandbox's channels, and the queue of recharges that go over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import crud
from gencharge.channels import service as channels
from gencharge.channels.answers import Answer, Verdict
from gencharge.channels.models import (
    AttemptOutcome,
    Fulfilment,
    FulfilmentState,
    OperatorAttempt,
    OperatorChannel,
)
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.channels import get_fulfilment, make_channel, queue

Key = tuple[UUID, UUID]
LEASE_SECONDS = 30.0


@pytest.fixture
async def empty(shop: Stores) -> AsyncIterator[Stores]:
    """Stores without channels and with an empty queue."""
    async with shop.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await db.execute(
            text("TRUNCATE fulfilments, operator_attempts, operator_references, operator_channels")
        )
    yield shop
    async with shop.database.transaction() as db:
        await db.execute(delete(OperatorChannel))


async def claim(stores: Stores, limit: int = 10, busy: list[str] | None = None) -> list[channels.Task]:
    return await stores.database.run(
        lambda db: channels.claim(db, limit=limit, lease_seconds=LEASE_SECONDS, busy=busy or [])
    )


async def begin(stores: Stores, key: Key, channel: str = "jio-a") -> str | None:
    return await stores.database.run(lambda db: channels.begin_attempt(db, *key, channel=channel))


async def postpone(
    stores: Stores,
    key: Key,
    state: FulfilmentState,
    seconds: float = 60,
    *,
    error: str = "",
    asked: bool = False,
) -> None:
    await stores.database.run(
        lambda db: channels.postpone(db, *key, seconds=seconds, state=state, error=error, asked=asked)
    )


async def end(stores: Stores, key: Key, state: str, error: str | None = None) -> None:
    call = text("SELECT end_fulfilment(p_user => :u, p_recharge => :r, p_state => :s, p_error => :e)")
    values = {"u": key[0], "r": key[1], "s": state, "e": error}
    await stores.database.run(lambda db: db.execute(call, values))


async def seed(stores: Stores) -> bool:
    return await stores.database.run(lambda db: channels.seed(db, stores.settings))


async def test_the_sandbox_has_two_channels_for_each_operator_and_they_are_added_once(empty: Stores) -> None:
    version = await empty.database.run(lambda db: snapshots.version_of(db, channels.CHANNELS))
    assert await seed(empty)
    assert not await seed(empty)
    snapshot = await empty.database.run(channels.load_channels)
    codes = await empty.database.run(crud.list_operator_codes)
    assert snapshot.version == version + 1
    assert sorted(snapshot.channels) == sorted(
        f"{code.lower()}-{name}" for code in codes for name in ("direct", "aggregator")
    )
    direct = snapshot.channels["jio-direct"]
    assert (direct.operator, direct.priority, direct.commission_bp) == ("JIO", 10, 300)
    assert direct.url == empty.settings.payment_gateway_url.rstrip("/") + "/operators/jio-direct"


async def test_only_missing_channels_are_added_and_edited_ones_stay(empty: Stores) -> None:
    await seed(empty)

    async def edit(db: AsyncSession) -> None:
        channel = await crud.lock_channel(db, "jio-direct")
        assert channel is not None
        channel.priority = 77
        await db.execute(delete(OperatorChannel).where(OperatorChannel.code == "vi-direct"))

    await empty.database.run(edit)
    assert await seed(empty)
    snapshot = await empty.database.run(channels.load_channels)
    assert snapshot.channels["jio-direct"].priority == 77
    assert "vi-direct" in snapshot.channels


async def test_in_development_the_sample_channels_follow_the_sandbox_and_others_stay(empty: Stores) -> None:
    def at(port: int, environment: Environment = Environment.DEVELOPMENT) -> Settings:
        changes = {"payment_gateway_url": f"http://127.0.0.1:{port}", "environment": environment}
        return empty.settings.model_copy(update=changes)

    async def addresses() -> dict[str, str]:
        snapshot = await empty.database.run(channels.load_channels)
        return {code: channel.url for code, channel in snapshot.channels.items()}

    async def edit(db: AsyncSession) -> None:
        channel = await crud.lock_channel(db, "vi-direct")
        assert channel is not None
        channel.url = "https://vi.example/operators/vi-direct"

    await empty.database.run(lambda db: channels.seed(db, at(8001)))
    await empty.database.run(edit)
    assert await empty.database.run(lambda db: channels.seed(db, at(8005)))
    moved = await addresses()
    assert moved["jio-direct"] == "http://127.0.0.1:8005/operators/jio-direct"
    assert moved["vi-direct"] == "https://vi.example/operators/vi-direct"
    assert not await empty.database.run(lambda db: channels.seed(db, at(8005)))
    assert not await empty.database.run(lambda db: channels.seed(db, at(8006, Environment.PRODUCTION)))
    assert await addresses() == moved


async def test_a_process_sees_a_new_version_of_the_channels_and_keeps_the_old_one_until_then(
    empty: Stores,
) -> None:
    holder = channels.Channels()
    before = await holder.current(empty.database)
    assert before.channels == {}
    await seed(empty)
    assert await holder.current(empty.database) is before
    after = await holder.refresh(empty.database)
    assert after.get("jio-direct") is not None
    assert await holder.refresh(empty.database) is after


async def test_a_snapshot_knows_inactive_channels_and_no_unknown_ones() -> None:
    inactive = make_channel(is_active=False)
    snapshot = channels.ChannelsSnapshot(1, [inactive])
    assert snapshot.get("jio-direct") is inactive
    assert snapshot.get("vi-direct") is None
    assert snapshot.get(None) is None
    with pytest.raises(TypeError):
        snapshot.channels["x"] = inactive  # type: ignore[index]


async def test_an_address_that_ends_with_a_slash_is_called_without_it(empty: Stores) -> None:
    row = crud.ChannelRow(code="jio-x", operator="JIO", name="Jio", url="http://operator.example/api//")
    await empty.database.run(lambda db: crud.add_missing(db, [row]))
    snapshot = await empty.database.run(channels.load_channels)
    assert snapshot.channels["jio-x"].url == "http://operator.example/api"


async def test_a_claimed_fulfilment_is_leased_and_claimed_again_when_the_lease_runs_out(
    empty: Stores,
) -> None:
    key = await queue(empty)
    [task] = await claim(empty)
    assert (task.user_id, task.recharge_id) == key
    assert (task.state, task.amount, task.channel, task.reference) == (
        FulfilmentState.DUE,
        29_900,
        None,
        None,
    )
    assert await claim(empty) == []
    with clock.later(seconds=LEASE_SECONDS - 1):
        assert await claim(empty) == []
    with clock.later(seconds=LEASE_SECONDS + 1):
        assert [again.recharge_id for again in await claim(empty)] == [key[1]]


async def test_the_earliest_fulfilments_are_claimed_first_and_never_more_than_the_limit(
    empty: Stores,
) -> None:
    now = clock.now()
    keys = [await queue(empty, now=now - timedelta(seconds=seconds)) for seconds in (10, 30, 20)]
    claimed = await claim(empty, limit=2)
    assert {task.recharge_id for task in claimed} == {keys[1][1], keys[2][1]}
    assert [task.recharge_id for task in await claim(empty, limit=2)] == [keys[0][1]]


async def test_a_fulfilment_that_is_not_due_yet_or_of_a_busy_operator_is_left_alone(empty: Stores) -> None:
    await queue(empty, now=clock.now() + timedelta(minutes=1))
    await queue(empty, "VI")
    assert await claim(empty, busy=["VI", "JIO"]) == []
    assert [task.operator for task in await claim(empty, busy=["JIO"])] == ["VI"]


async def test_ten_claims_at_once_give_each_fulfilment_to_one_of_them(empty: Stores) -> None:
    keys = [await queue(empty) for _ in range(30)]
    claims = await asyncio.gather(*(claim(empty, limit=5) for _ in range(10)))
    claimed = [task.recharge_id for tasks in claims for task in tasks]
    assert len(claimed) == len(set(claimed))
    claimed += [task.recharge_id for task in await claim(empty, limit=100)]
    assert sorted(claimed) == sorted(recharge_id for _, recharge_id in keys)


async def test_an_attempt_is_written_down_before_anything_is_sent(empty: Stores) -> None:
    key = await queue(empty)
    reference = await begin(empty, key)
    assert reference is not None
    row = await get_fulfilment(empty, key)
    assert (row.state, row.attempt, row.channel, row.reference) == ("submitting", 1, "jio-a", reference)

    async def look(db: AsyncSession) -> None:
        known = await channels.find_reference(db, reference)
        assert known is not None
        assert (known.user_id, known.recharge_id, known.attempt) == (*key, 1)
        attempt = await channels.get_attempt(db, *key, 1)
        assert (attempt.channel, attempt.reference, attempt.outcome) == ("jio-a", reference, None)
        assert await channels.find_reference(db, str(uuid4())) is None

    await empty.database.run(look)


async def test_only_a_fulfilment_that_is_due_can_be_submitted(empty: Stores) -> None:
    key = await queue(empty)
    assert await begin(empty, key) is not None
    assert await begin(empty, key) is None, "it is being submitted"
    for state in (FulfilmentState.PENDING, FulfilmentState.UNKNOWN):
        await postpone(empty, key, state)
        assert await begin(empty, key) is None
    assert await begin(empty, (key[0], uuid4())) is None, "there is no such fulfilment"
    await postpone(empty, key, FulfilmentState.DUE)
    assert await begin(empty, key, "jio-b") is not None
    attempts = await empty.database.run(lambda db: channels.list_attempts(db, *key))
    assert [(attempt.attempt, attempt.channel) for attempt in attempts] == [(1, "jio-a"), (2, "jio-b")]
    assert len({attempt.reference for attempt in attempts}) == 2


async def test_twenty_dispatchers_at_once_begin_one_attempt(empty: Stores) -> None:
    key = await queue(empty)
    references = await asyncio.gather(*(begin(empty, key) for _ in range(20)))
    assert len([reference for reference in references if reference is not None]) == 1
    assert (await get_fulfilment(empty, key)).attempt == 1


async def test_a_postponed_fulfilment_is_due_again_after_the_pause(empty: Stores) -> None:
    key = await queue(empty)
    await claim(empty)
    await begin(empty, key)
    await postpone(empty, key, FulfilmentState.UNKNOWN, 60, error="ReadTimeout", asked=True)
    await postpone(empty, key, FulfilmentState.UNKNOWN, 60, error="ReadTimeout", asked=True)
    row = await get_fulfilment(empty, key)
    assert (row.state, row.asked, row.last_error, row.leased_until) == ("unknown", 2, "ReadTimeout", None)
    assert await claim(empty) == []
    with clock.later(seconds=61):
        [task] = await claim(empty)
    assert (task.state, task.channel, task.reference) == (FulfilmentState.UNKNOWN, "jio-a", row.reference)


async def test_a_new_attempt_counts_its_questions_from_zero(empty: Stores) -> None:
    key = await queue(empty)
    await begin(empty, key)
    await postpone(empty, key, FulfilmentState.DUE, asked=True)
    await begin(empty, key)
    assert (await get_fulfilment(empty, key)).asked == 0


@pytest.mark.parametrize("state", ["settled", "failed"])
async def test_a_fulfilment_that_has_ended_is_never_due_again(empty: Stores, state: str) -> None:
    key = await queue(empty)
    reference = await begin(empty, key)
    assert reference is not None
    await end(empty, key, state)
    await postpone(empty, key, FulfilmentState.UNKNOWN, 0)
    assert not await empty.database.run(lambda db: channels.ask_now(db, *key, reference=reference))
    with clock.later(hours=1):
        assert await claim(empty) == []
        assert await empty.database.run(lambda db: channels.mark_stuck(db, before=clock.now(), limit=5)) == []
    assert (await get_fulfilment(empty, key)).state == state


async def test_a_callback_makes_only_the_current_attempt_due_now(empty: Stores) -> None:
    key = await queue(empty)
    first = await begin(empty, key)
    await postpone(empty, key, FulfilmentState.DUE)
    second = await begin(empty, key, "jio-b")
    assert first is not None
    assert second is not None
    await postpone(empty, key, FulfilmentState.PENDING, 3_600)
    assert not await empty.database.run(lambda db: channels.ask_now(db, *key, reference=first))
    assert await claim(empty) == []
    assert await empty.database.run(lambda db: channels.ask_now(db, *key, reference=second))
    assert [task.reference for task in await claim(empty)] == [second]


async def test_a_callback_does_not_break_the_lease_of_a_dispatcher(empty: Stores) -> None:
    key = await queue(empty)
    await claim(empty)
    reference = await begin(empty, key)
    assert reference is not None
    assert await empty.database.run(lambda db: channels.ask_now(db, *key, reference=reference))
    assert await claim(empty) == [], "a dispatcher still works on it"


@pytest.mark.parametrize(
    ("outcome", "answer", "expected"),
    [
        (AttemptOutcome.DELIVERED, Answer(Verdict.DELIVERED, "OP1"), ("delivered", "OP1", None)),
        (AttemptOutcome.REFUSED, Answer(Verdict.REFUSED, None, "blocked"), ("refused", None, "blocked")),
        (
            AttemptOutcome.NOT_SENT,
            Answer(Verdict.NOT_SENT, reason="LineBusy"),
            ("not_sent", None, "LineBusy"),
        ),
    ],
)
async def test_an_attempt_keeps_its_outcome_reason_and_the_operators_reference(
    empty: Stores, outcome: AttemptOutcome, answer: Answer, expected: tuple[str, str | None, str | None]
) -> None:
    key = await queue(empty)
    await begin(empty, key)

    async def unit(db: AsyncSession) -> None:
        channels.end_attempt(await channels.get_attempt(db, *key, 1), outcome, answer)

    await empty.database.run(unit)
    [attempt] = await empty.database.run(lambda db: channels.list_attempts(db, *key))
    assert (attempt.outcome, attempt.operator_reference, attempt.reason) == expected
    assert attempt.ended_at is not None


async def test_a_later_answer_without_a_reference_does_not_erase_the_operators_reference() -> None:
    attempt = OperatorAttempt(operator_reference="OP1")
    channels.end_attempt(attempt, AttemptOutcome.DELIVERED, Answer(Verdict.DELIVERED, None))
    assert attempt.operator_reference == "OP1"


async def test_an_attempt_that_was_never_begun_is_not_found(empty: Stores) -> None:
    with pytest.raises(NoResultFound):
        await empty.database.run(lambda db: channels.get_attempt(db, uuid4(), uuid4(), 1))
    with pytest.raises(NoResultFound):
        await empty.database.run(lambda db: channels.lock_fulfilment(db, uuid4(), uuid4()))


async def test_a_stuck_fulfilment_is_marked_once_whoever_looks(empty: Stores) -> None:
    old = await queue(empty, now=clock.now() - timedelta(minutes=20))
    await queue(empty)
    before = clock.now() - timedelta(minutes=15)

    async def mark() -> list[Fulfilment]:
        return list(await empty.database.run(lambda db: channels.mark_stuck(db, before=before, limit=10)))

    marked = [row for rows in await asyncio.gather(*(mark() for _ in range(8))) for row in rows]
    assert [(row.user_id, row.recharge_id) for row in marked] == [old]
    assert (await get_fulfilment(empty, old)).alerted_at is not None
    assert await mark() == []


async def test_stuck_fulfilments_are_marked_in_batches(empty: Stores) -> None:
    for _ in range(5):
        await queue(empty, now=clock.now() - timedelta(minutes=20))
    counts = [
        len(await empty.database.run(lambda db: channels.mark_stuck(db, before=clock.now(), limit=2)))
        for _ in range(4)
    ]
    assert counts == [2, 2, 1, 0]


async def test_a_locked_fulfilment_is_read_as_it_is_now(empty: Stores) -> None:
    key = await queue(empty)

    async def unit(db: AsyncSession) -> str:
        stale = await db.get_one(Fulfilment, key)
        assert stale.state == "due"
        await begin(empty, key)
        return (await channels.lock_fulfilment(db, *key)).state

    assert await empty.database.run(unit) == "submitting"
