"""What the owner of a closed account reads about the money that was left in it."""

from __future__ import annotations

import pytest

from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages
from gencharge.messages.loop import MessageLoop
from gencharge.messages.models import MessageChannel, Outgoing
from gencharge.messages.senders import Content, Task
from gencharge.notifications import listeners, payout_notices
from gencharge.notifications.consent import channels_of
from gencharge.notifications.kinds import NoticeChannel
from gencharge.payouts.events import PayoutContradicted, PayoutNeedsPayee, PayoutPaid, PayoutSettledByHand
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users.models import DEFAULT_PREFERENCES
from tests.make import factories
from tests.make.money import fund
from tests.make.notifications import english
from tests.make.payouts import close_account

FACTS = {"user_id": str(new_id()), "payout_id": str(new_id()), "amount_paise": 70_050}
UTR = "AXISCN0123456789"


def test_money_that_arrived_is_told_with_the_banks_reference() -> None:
    text = english(payout_notices.paid(PayoutPaid(**FACTS, utr=UTR, destination="as***@okaxis"))).body
    assert text == (
        "Rs 700.50, which was left in your wallet when you closed your account, was sent to as***@okaxis."
        f" The bank's reference is {UTR}."
    )
    by_hand = PayoutSettledByHand(**FACTS, utr=UTR, reason="paid by NEFT, ticket 4711")
    for draft in (payout_notices.settled(by_hand), payout_notices.paid(PayoutPaid(**FACTS, utr=UTR))):
        assert "was paid out to you" in english(draft).body
        assert "4711" not in english(draft).body


@pytest.mark.parametrize(
    ("reason", "utr", "words"),
    [
        ("no_payee", None, "we do not know where to send it"),
        ("beneficiary_bank_rejected", None, "could not be sent to the account"),
        ("beneficiary_bank_rejected", UTR, "Your bank sent back Rs 700.50"),
    ],
)
def test_money_that_has_nowhere_to_go_is_told_with_what_to_do(
    reason: str, utr: str | None, words: str
) -> None:
    text = english(payout_notices.failed(PayoutNeedsPayee(**FACTS, reason=reason, returned_utr=utr))).body
    assert words in text
    assert "Write to support" in text
    assert "beneficiary" not in text


def test_no_switch_stops_them_and_they_reach_a_closed_account() -> None:
    nothing = dict.fromkeys(DEFAULT_PREFERENCES, False)
    for kind in payout_notices.KINDS:
        assert kind.to_closed
        assert channels_of(kind, nothing) == {
            NoticeChannel.IN_APP,
            NoticeChannel.SMS,
            NoticeChannel.EMAIL,
        }


def test_the_owner_and_the_staff_are_both_told() -> None:
    assert {PayoutPaid, PayoutSettledByHand, PayoutNeedsPayee} <= set(listeners.NOTICES.topics)
    assert {PayoutContradicted, PayoutNeedsPayee} <= set(listeners.STAFF_ALERTS.topics)


class Provider:
    """Takes messages."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def send(self, task: Task, content: Content) -> int:
        self.sent.append((task.kind, task.contact.phone_number))
        return 1

    async def close(self) -> None:
        pass


async def test_it_is_sent_to_the_number_of_the_closed_account_once_and_nothing_else_is(
    stores: Stores,
) -> None:
    user = await stores.database.run(factories.make_user)
    await fund(stores, user.user_id, 700)
    await close_account(stores, user.user_id)
    other = Outgoing(
        id=new_id(),
        recipient=Recipient("user", user.user_id),
        channel=MessageChannel.SMS,
        kind="other",
        type=NotificationType.TRANSACTIONAL,
        text="x",
    )
    await messages.enqueue(stores.documents, Vault.of_database(stores.database), [other])
    provider = Provider()
    for _ in range(2):
        await Relay(stores, (listeners.NOTICES,)).drain()
        loop = MessageLoop(stores, {MessageChannel.SMS: provider})
        await loop.drain()
        await loop.close()
    own = [each for each in provider.sent if each[1] == user.phone_number]
    assert own == [("payout_failed", user.phone_number)]


async def test_a_blocked_account_gets_no_message_that_is_for_closed_ones(stores: Stores) -> None:
    user = await stores.database.run(factories.make_user)
    await stores.database.run(lambda db: lifecycle.block(db, user.user_id, by=new_id(), reason="a test"))
    message = Outgoing(
        id=new_id(),
        recipient=Recipient("user", user.user_id),
        channel=MessageChannel.SMS,
        kind="payout_failed",
        type=NotificationType.TRANSACTIONAL,
        text="x",
        to_closed=True,
    )
    await messages.enqueue(stores.documents, Vault.of_database(stores.database), [message])
    provider = Provider()
    loop = MessageLoop(stores, {MessageChannel.SMS: provider})
    await loop.drain()
    await loop.close()
    assert [each for each in provider.sent if each[1] == user.phone_number] == []
