"""What the staff read about new subscriptions: of the operators that they may see, and no customer's number."""

from __future__ import annotations

from datetime import UTC, datetime

from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.notifications.models import Recipient
from gencharge.notifications.subscription_notices import Sold, activated, digest
from tests.make.notifications import english, recharged, spoken

ADMIN = Recipient("admin", new_id())
DAY = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
SOLD = {"JIO": Sold(840, 25_116_000), "AIRTEL": Sold(400, 9_451_800), "VI": Sold(0, 0)}


def test_a_digest_counts_what_the_admin_may_see() -> None:
    everything = digest(DAY, SOLD, ADMIN, ())
    assert everything is not None
    body = english(everything).body
    assert ("1,240" in body or "1240" in body, "3,45,678" in body) == (True, True)
    assert "AIRTEL 400, JIO 840" in body
    assert "VI" not in body
    airtel = digest(DAY, SOLD, ADMIN, ("AIRTEL",))
    assert airtel is not None
    assert airtel.values["operators"] == "AIRTEL 400"
    assert digest(DAY, SOLD, ADMIN, ("VI",)) is None
    assert digest(DAY, {}, ADMIN, ()) is None


def test_a_notice_names_the_plan_and_leads_to_the_recharge_but_names_no_number() -> None:
    event = recharged()
    draft = activated(event, ADMIN)
    assert draft.data["recharge_id"] == event.recharge_id
    for language in Language:
        rendered = spoken(draft, language)
        assert "Jio 199" in rendered.body
        assert "9876543210" not in rendered.title + rendered.body + str(draft.data)
    assert english(draft).title == "New subscription activated"
