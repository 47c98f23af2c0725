"""A story is whole, agrees with the books, costs a fixed number of statements, and comes without MongoDB, too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from gencharge.audit.listeners import ENTRIES
from gencharge.channels.service import Verdict
from gencharge.complaints import staff_service as complaints
from gencharge.complaints.schemas import ResolveComplaint
from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.notifications.listeners import NOTICES
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.tokens import Principal
from gencharge.stories import service
from gencharge.stories.schemas import Step
from gencharge.stories.staff_schemas import StoryPart
from tests.make.complaints import complain
from tests.make.delivery import FIRST, SECOND, purchase, reach_jio
from tests.make.outside import reach_over_api
from tests.make.receipts import sell

NOTHING: frozenset[StoryPart] = frozenset()


def an_admin(*operators: str) -> Principal:
    return Principal(
        user_id=new_id(), kind="admin", session_id=new_id(), role="Manager", operator_scope=operators
    )


@pytest.fixture
async def jio(shop: Stores) -> AsyncIterator[Stores]:
    await reach_jio(shop)
    yield shop
    await reach_over_api(shop, "JIO")


async def test_a_recharge_over_two_channels_is_told_from_its_sale_to_its_end(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.answer(await bought.submit(FIRST), Verdict.REFUSED, reason="insufficient_float")
    await bought.answer(await bought.submit(SECOND), Verdict.DELIVERED, operator_reference="JIO-REF-1")
    await Relay(jio, [ENTRIES]).drain()
    story = await service.story(jio, an_admin(), bought.user_id, bought.id, withheld=NOTHING)
    assert [step.step for step in story.timeline] == [Step.ORDERED, Step.SENT, Step.SENT, Step.DELIVERED]
    assert [(one.channel, one.outcome) for one in story.attempts] == [
        (FIRST, "refused"),
        (SECOND, "delivered"),
    ]
    assert story.terms.operator_reference == "JIO-REF-1"
    booked = {(row.debit_account, row.credit_account): row.amount.paise for row in story.ledger}
    assert booked == await bought.transfers()
    assert story.terms.wallet_amount.paise == 29_900
    assert "plan_recharged" in {entry.action for entry in story.audit}
    assert [entry.occurred_at for entry in story.audit] == sorted(entry.occurred_at for entry in story.audit)
    assert (story.payment, story.withheld, story.unavailable, story.waits_for) == (None, [], [], None)


async def test_the_customer_reads_the_same_steps_and_a_stranger_none(jio: Stores) -> None:
    bought = await purchase(jio)
    await bought.submit(FIRST)
    own = await service.timeline(jio.database, bought.user_id, bought.id)
    story = await service.story(jio, an_admin(), bought.user_id, bought.id, withheld=NOTHING)
    assert [(one.step, one.at) for one in own.steps] == [(one.step, one.at) for one in story.timeline]
    assert own.steps[0].text.startswith("You ordered Jio ")
    assert story.timeline[0].text.startswith("The customer ordered Jio ")
    assert (own.status, own.waits_for) == (story.status, story.waits_for)
    with pytest.raises(RechargeNotFound):
        await service.timeline(jio.database, new_id(), bought.id)


async def test_another_operators_recharge_is_not_found(shop: Stores) -> None:
    ids = await sell(shop)
    assert (await service.story(shop, an_admin("JIO"), *ids, withheld=NOTHING)).recharge_id == ids[1]
    with pytest.raises(RechargeNotFound):
        await service.story(shop, an_admin("AIRTEL"), *ids, withheld=NOTHING)


async def test_what_is_withheld_is_empty_and_named(shop: Stores) -> None:
    ids = await sell(shop)
    story = await service.story(shop, an_admin(), *ids, withheld=frozenset(StoryPart))
    assert (story.ledger, story.audit, story.payment) == ([], [], None)
    assert story.withheld == sorted(StoryPart)
    assert story.timeline


async def test_without_the_audit_trail_the_rest_is_told(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise DocumentsUnavailable

    ids = await sell(shop)
    monkeypatch.setattr("gencharge.audit.service.list_of_object", away)
    story = await service.story(shop, an_admin(), *ids, withheld=NOTHING)
    assert story.unavailable == [StoryPart.AUDIT]
    assert story.ledger


async def test_a_story_takes_one_statement_however_long_the_customers_history_is(
    shop: Stores, queries: Callable[[], AbstractContextManager[Any]]
) -> None:
    ids = await sell(shop)
    for _ in range(3):
        await sell(shop, ids[0])
    with queries() as counted:
        await service.story(shop, an_admin(), *ids, withheld=NOTHING)
    assert counted.statements == 1


async def test_a_complaint_and_how_it_ended_stand_in_the_story_and_in_the_timeline(shop: Stores) -> None:
    user_id, recharge_id = await sell(shop)
    complaint = await complain(shop, user_id, recharge_id, "charged_twice")
    settled = ResolveComplaint(outcome="rejected", note="Each of the two is for another number.")
    admin = an_admin()
    await shop.database.run(
        lambda db: complaints.resolve(db, admin, user_id, complaint.complaint_id, settled)
    )
    story = await service.story(shop, admin, user_id, recharge_id, withheld=NOTHING)
    [shown] = story.complaints
    assert (shown.complaint_id, shown.reason, shown.status) == (
        complaint.complaint_id,
        "charged_twice",
        "rejected",
    )
    assert (shown.resolved_by, shown.due_at) == (admin.user_id, complaint.due_at)
    own = await service.timeline(shop.database, user_id, recharge_id)
    assert [(step.step, step.text) for step in own.steps[-2:]] == [
        (Step.COMPLAINED, "You complained: it was charged twice."),
        (Step.COMPLAINT_SETTLED, "We rejected the complaint. Each of the two is for another number."),
    ]
    assert story.timeline[-2].text == "The customer complained: it was charged twice."


async def test_what_the_customer_was_told_stands_in_the_story_and_only_that_of_this_recharge(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await sell(shop)
    other = await sell(shop, ids[0])
    await Relay(shop, [NOTICES]).drain()
    for recharge in (ids, other):
        story = await service.story(shop, an_admin(), *recharge, withheld=NOTHING)
        [notice] = story.notices
        assert (notice.kind, notice.viewed_at) == ("plan_recharged", None)
    assert (
        notice.notification_id
        != (await service.story(shop, an_admin(), *ids, withheld=NOTHING)).notices[0].notification_id
    )
    withheld = await service.story(shop, an_admin(), *ids, withheld=frozenset({StoryPart.NOTICES}))
    assert (withheld.notices, withheld.withheld) == ([], [StoryPart.NOTICES])

    async def away(*_: Any, **__: Any) -> None:
        raise DocumentsUnavailable

    monkeypatch.setattr("gencharge.notifications.service.list_about", away)
    story = await service.story(shop, an_admin(), *ids, withheld=NOTHING)
    assert (story.notices, story.unavailable) == ([], [StoryPart.NOTICES])
    assert story.ledger
