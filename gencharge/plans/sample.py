"""The sample catalogue: 41 real plans of Airtel, Jio and Vi after the tariff change of July 2024, which are dated, and 15 that are
made up, so that BSNL, talktime, of one price and of any amount, roaming and plans of one circle can be tried.

Ids are derived from what a plan is, so the same plan has the same id in every installation.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any, Final
from uuid import UUID, uuid5

from gencharge.core.values.money import Money
from gencharge.plans.models import AMOUNT_COLUMNS, PlanCategory, PlanStatus, PlanType, ValidityUnit, is_addon
from gencharge.plans.schemas import Benefits

_NAMESPACE: Final = UUID("5b0cf3f4-5a3e-5c0e-9a57-1f0d1f2c7a10")
_GROUPS: Final = {
    PlanCategory.UNLIMITED: ("Unlimited", "Unlimited calls with data for 28 days to a year."),
    PlanCategory.DATA_ADDON: ("Data add-ons", "More data on top of the plan that is running."),
    PlanCategory.TALKTIME: ("Talktime", "Balance for calls beside the plan that is running."),
    PlanCategory.ROAMING: ("Roaming", "Calls and data abroad."),
    PlanCategory.POSTPAID_RENTAL: ("Postpaid", "Monthly rentals for postpaid connections."),
}
# What most people would buy first: the daily-data plans of about a month and a quarter, one add-on, one rental each.
_MOST_POPULAR: Final = frozenset(
    {
        ("AIRTEL", "prepaid", "299"),
        ("AIRTEL", "prepaid", "349"),
        ("AIRTEL", "prepaid", "859"),
        ("AIRTEL", "prepaid", "33"),
        ("AIRTEL", "postpaid", "449"),
        ("JIO", "prepaid", "299"),
        ("JIO", "prepaid", "349"),
        ("JIO", "prepaid", "799"),
        ("JIO", "prepaid", "19"),
        ("JIO", "postpaid", "349"),
        ("VI", "prepaid", "299"),
        ("VI", "prepaid", "349"),
        ("VI", "prepaid", "859"),
        ("VI", "postpaid", "451"),
    }
)


def groups() -> list[dict[str, Any]]:
    """The rows of `plan_groups`."""
    return [
        {
            "group_id": _group_id(category),
            "name": name,
            "description": description,
            "sort_order": 10 * (position + 1),
        }
        for position, (category, (name, description)) in enumerate(_GROUPS.items())
    ]


def plans() -> list[dict[str, Any]]:
    """The rows of `plans` that are real."""
    return _read("plans_in_2024.csv")


def made_up() -> list[dict[str, Any]]:
    """The rows of `plans` of kinds, an operator and circles that the real ones lack."""
    return _read("plans_made_up.csv")


def _read(name: str) -> list[dict[str, Any]]:
    text = files("gencharge.plans").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return [_plan(row) for row in csv.DictReader(text.splitlines())]


def _group_id(category: PlanCategory) -> UUID:
    return uuid5(_NAMESPACE, f"group:{category}")


def _plan(row: dict[str, str]) -> dict[str, Any]:
    operator = row["operator"].upper()
    category = PlanCategory(row["category"])
    count, unit = _validity(row["validity_days"])
    key = (operator, row["service_type"], category, row["price_inr"], row["validity_days"])
    return {
        "plan_id": uuid5(_NAMESPACE, "plan:" + ":".join(key)),
        "version": 1,
        "operator": operator,
        "circles": [] if row["circle"] == "all" else [row["circle"]],
        "plan_type": PlanType(row["service_type"]).value,
        "category": category.value,
        "name": _name(row, count, unit),
        "description": _description(row, count, unit),
        "price_paise": Money.rupees(row["price_inr"]).paise,
        **_amounts(row),
        "validity_count": count,
        "validity_unit": unit.value,
        "benefits": _benefits(row).stored(),
        "is_addon": is_addon(category, unit),
        "most_popular": (operator, row["service_type"], row["price_inr"]) in _MOST_POPULAR,
        "group_id": _group_id(category),
        "criteria": f"Tariff of {_month(row['effective'])}." if "effective" in row else "Made up, to try it.",
        "status": PlanStatus.ACTIVE.value,
    }


def _amounts(row: dict[str, str]) -> dict[str, Any]:
    """The columns of a plan of any amount; None of a plan with one price. The fee is the highest that TRAI allows."""
    if not row.get("max_inr"):
        return dict.fromkeys(AMOUNT_COLUMNS)
    return {
        "max_price_paise": Money.rupees(row["max_inr"]).paise,
        "price_step_paise": Money.rupees(row["step_inr"]).paise,
        "sample_prices_paise": [Money.rupees(sample).paise for sample in row["samples_inr"].split()],
        "gst_percent": 18,
        "fee_basis_points": 1_000,
        "fee_cap_paise": 3_00,
    }


def _validity(text: str) -> tuple[int | None, ValidityUnit]:
    if text == "plan":
        return None, ValidityUnit.BASE_PLAN
    if text == "monthly":
        return 1, ValidityUnit.MONTH
    return int(text), ValidityUnit.DAY


def _megabytes(gigabytes: str) -> int | None:
    return round(float(gigabytes) * 1024) if gigabytes else None


def _benefits(row: dict[str, str]) -> Benefits:
    none = row["sms"] == "none"
    minutes = row["voice"].removesuffix(" minutes")
    return Benefits(
        data_total_mb=_megabytes(row["data_gb_total"]),
        data_per_day_mb=_megabytes(row["data_gb_per_day"]),
        voice_unlimited=row["voice"] == "unlimited",
        voice_minutes=0 if row["voice"] == "none" else int(minutes) if minutes.isdigit() else None,
        talktime=Money.rupees(talktime) if (talktime := row.get("talktime_inr")) else None,
        sms_total=0 if none else None,
        sms_per_day=100 if row["sms"] == "100/day" else None,
        extras=("SMS as the operator's tariff says",) if row["sms"] == "see operator" else (),
    )


def _data(row: dict[str, str]) -> str | None:
    if row["data_gb_per_day"]:
        return f"{row['data_gb_per_day']} GB/day"
    return f"{row['data_gb_total']} GB" if row["data_gb_total"] else None


def _lasts(count: int | None, unit: ValidityUnit) -> str:
    if unit is ValidityUnit.BASE_PLAN:
        return "with your plan"
    if unit is ValidityUnit.MONTH:
        return "1 month"
    return f"{count} day{'s' if count != 1 else ''}"


def _name(row: dict[str, str], count: int | None, unit: ValidityUnit) -> str:
    """`Jio ₹299 · 1.5 GB/day · 28 days`."""
    kind = "Postpaid" if row["service_type"] == "postpaid" else None
    is_any = bool(row.get("max_inr"))
    talktime = (
        f"Talktime ₹{row['talktime_inr']}" if row.get("talktime_inr") else "Talktime" if is_any else None
    )
    roaming = "Roaming" if row["category"] == PlanCategory.ROAMING else None
    parts = (
        f"{row['operator']} ₹{row['price_inr']}" + (f" to ₹{row['max_inr']}" if is_any else ""),
        kind,
        talktime,
        roaming,
        _data(row),
        _lasts(count, unit),
    )
    return " · ".join(part for part in parts if part)


def _description(row: dict[str, str], count: int | None, unit: ValidityUnit) -> str:
    def parts() -> Iterator[str]:
        if row.get("talktime_inr"):
            yield f"₹{row['talktime_inr']} for calls"
        if row.get("max_inr"):
            yield "talktime for any amount"
        if row["voice"] == "unlimited":
            yield "unlimited calls"
        elif row["voice"].endswith(" minutes"):
            yield f"{row['voice']} of calls abroad"
        if data := _data(row):
            yield f"{data} of data"
        if row["sms"] == "100/day":
            yield "100 SMS a day"

    until = "as long as your plan lives" if unit is ValidityUnit.BASE_PLAN else f"for {_lasts(count, unit)}"
    sentence = f"{', '.join(parts())} {until}."
    return sentence[0].upper() + sentence[1:]


def _month(effective: str) -> str:
    year, month = effective.split("-")[:2]
    return f"{date(int(year), int(month), 1):%B %Y}"
