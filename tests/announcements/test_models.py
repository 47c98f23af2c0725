"""Whom an announcement is for: the keys of audiences and of readers."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from gencharge.announcements.models import Audience, AudienceKind, Reader
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Recipient
from gencharge.users.models import UserType

CUSTOMER, CAMPAIGN = new_id(), new_id()


def reader(operator: str | None = "JIO", circle: str | None = "MH") -> Reader:
    since = clock.now() - timedelta(days=1)
    return Reader(
        Recipient("user", CUSTOMER),
        since,
        user_type="prepaid",
        operator=operator,
        circle=circle,
        campaign_ids=(CAMPAIGN,),
    )


@pytest.mark.parametrize(
    ("user_type", "operator", "circle"),
    list(product((None, *UserType), (None, "JIO", "AIRTEL"), (None, "MH", "KA"))),
)
def test_an_audience_of_customers_has_those_for_whom_all_filters_hold(
    user_type: UserType | None, operator: str | None, circle: str | None
) -> None:
    audience = Audience(AudienceKind.CUSTOMERS, user_type=user_type, operator=operator, circle=circle)
    holds = user_type in (None, "prepaid") and operator in (None, "JIO") and circle in (None, "MH")
    assert (audience.key in reader().keys) is holds


def test_who_has_no_known_operator_or_circle_is_in_no_audience_that_asks_for_one() -> None:
    unknown = reader(operator=None, circle=None).keys
    assert Audience(AudienceKind.CUSTOMERS).key in unknown
    assert Audience(AudienceKind.CUSTOMERS, operator="JIO").key not in unknown
    assert Audience(AudienceKind.CUSTOMERS, circle="MH").key not in unknown


def test_one_customer_and_the_group_of_a_campaign_are_audiences_of_their_own() -> None:
    assert Audience(AudienceKind.CUSTOMER, user_id=CUSTOMER).key in reader().keys
    assert Audience(AudienceKind.CUSTOMER, user_id=new_id()).key not in reader().keys
    assert Audience(AudienceKind.CAMPAIGN, campaign_id=CAMPAIGN).key in reader().keys
    assert Audience(AudienceKind.CAMPAIGN, campaign_id=new_id()).key not in reader().keys


def test_admins_read_only_what_is_for_admins() -> None:
    admin = Reader(Recipient("admin", CUSTOMER), clock.now())
    assert admin.keys == {Audience(AudienceKind.ADMINS).key}
    assert Audience(AudienceKind.ADMINS).key not in reader().keys
