"""The sample catalogue keeps the rules of the staff's own plans."""

from __future__ import annotations

import pytest

from gencharge.plans import rules, sample
from gencharge.plans.models import PlanCategory, PlanType, ValidityUnit, is_addon
from gencharge.plans.rules import Vocabulary
from gencharge.plans.schemas import Benefits

REAL, MADE_UP = sample.plans(), sample.made_up()
PLANS = [*REAL, *MADE_UP]
GROUPS = {group["group_id"]: group["name"] for group in sample.groups()}


def test_there_are_41_real_plans_of_three_operators_and_what_they_lack_is_made_up() -> None:
    assert len(REAL) == 41
    assert {plan["operator"] for plan in REAL} == {"AIRTEL", "JIO", "VI"}
    assert {plan["operator"] for plan in PLANS} == {"AIRTEL", "JIO", "VI", "BSNL"}
    assert {plan["category"] for plan in PLANS} == set(PlanCategory)
    assert {plan["group_id"] for plan in PLANS} == set(GROUPS)
    assert sorted(circle for plan in PLANS for circle in plan["circles"]) == ["GJ", "KL", "MH"]
    assert ("BSNL", "postpaid") in {(plan["operator"], plan["plan_type"]) for plan in MADE_UP}
    for plan in PLANS:
        assert ("Made up" in plan["criteria"]) == (plan in MADE_UP)


def test_talktime_is_what_is_left_of_the_price_after_18_percent_of_tax() -> None:
    sold = [plan for plan in PLANS if plan["benefits"]["talktime_paise"] is not None]
    assert len(sold) == 3
    for plan in sold:
        assert plan["benefits"]["talktime_paise"] == round(plan["price_paise"] / 1.18)
        assert plan["is_addon"]


def test_talktime_of_any_amount_can_be_had_of_each_operator() -> None:
    sold = [plan for plan in PLANS if plan["max_price_paise"] is not None]
    assert [plan["operator"] for plan in sold] == ["AIRTEL", "JIO", "VI", "BSNL"]
    assert {plan["category"] for plan in sold} == {PlanCategory.TALKTIME}
    assert sold[0]["name"] == "Airtel ₹10 to ₹2000 · Talktime · 28 days"
    assert sold[0]["description"] == "Talktime for any amount for 28 days."


def test_the_same_plan_has_the_same_id_in_every_installation() -> None:
    assert [plan["plan_id"] for plan in [*sample.plans(), *sample.made_up()]] == [
        plan["plan_id"] for plan in PLANS
    ]
    assert len({plan["plan_id"] for plan in PLANS}) == len(PLANS)
    # Rows of installed databases have this id: it never changes.
    [jio] = [
        p for p in PLANS if (p["operator"], p["price_paise"], p["plan_type"]) == ("JIO", 299_00, "prepaid")
    ]
    assert jio["name"] == "Jio ₹299 · 1.5 GB/day · 28 days"


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["name"])
def test_a_sample_plan_breaks_no_rule(plan: dict[str, object]) -> None:
    vocabulary = Vocabulary(("AIRTEL", "JIO", "VI", "BSNL"), ("GJ", "KL", "MH"), GROUPS)
    values = {"active_from": None, "active_until": None, **plan}
    assert list(rules.problems(values, vocabulary)) == []
    assert rules.completed(values)["is_addon"] == plan["is_addon"]


def test_no_two_sample_plans_share_their_name() -> None:
    identities = [rules.identity_of(plan) for plan in PLANS]
    assert None not in identities
    assert len(set(identities)) == len(PLANS)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["name"])
def test_name_and_description_say_what_the_columns_say(plan: dict[str, object]) -> None:
    name, description = str(plan["name"]), str(plan["description"])
    assert f"₹{int(str(plan['price_paise'])) // 100}" in name
    assert ("Postpaid" in name) == (plan["plan_type"] == PlanType.POSTPAID)
    assert not description[0].islower()
    assert description.endswith(".")
    benefits = Benefits.from_stored(plan["benefits"])  # type: ignore[arg-type]
    assert ("nlimited calls" in description) == benefits.voice_unlimited
    assert ("100 SMS a day" in description) == (benefits.sms_per_day == 100)


def test_rentals_are_by_the_month_and_a_pack_without_days_ends_with_its_plan() -> None:
    for plan in PLANS:
        unit, category = ValidityUnit(str(plan["validity_unit"])), PlanCategory(str(plan["category"]))
        assert (category is PlanCategory.POSTPAID_RENTAL) == (unit is ValidityUnit.MONTH)
        assert (plan["validity_count"] is None) == (unit is ValidityUnit.BASE_PLAN)
        assert plan["is_addon"] is is_addon(category, unit)
