"""The settings of the velocity rules. 0 switches a rule off."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Velocity(BaseModel, defer_build=True):
    """Velocity rules for money"""

    velocity_recharges_per_ten_minutes: int = Field(
        default=15,
        ge=0,
        description="Recharges that one customer may pay for within 10 minutes. 0: any number.",
    )
    velocity_recharges_per_day: int = Field(
        default=50,
        ge=0,
        description="Recharges that one customer may pay for within 24 hours. 0: any number.",
    )
    velocity_recharge_rupees_per_day: int = Field(
        default=25_000,
        ge=0,
        le=10_000_000,
        description="What one customer's recharges may cost within 24 hours, in rupees. 0: any sum.",
    )
    velocity_numbers_per_day: int = Field(
        default=20,
        ge=0,
        description="Different numbers that one customer may recharge within 24 hours. 0: any number.",
    )
    velocity_bill_numbers_per_day: int = Field(
        default=20,
        ge=0,
        le=1_000,
        description="Different numbers whose postpaid bills one customer may ask for within 24 hours. 0: any number.",
    )
    velocity_bill_customers_per_day: int = Field(
        default=10,
        ge=0,
        le=1_000,
        description="Different customers who may newly ask for the postpaid bill of one number within 24 hours; whose number it is, and who"
        " had the bill before, always may. 0: any number.",
    )
    velocity_recharges_of_number_per_day: int = Field(
        default=10,
        ge=0,
        description="Recharges of one number within 24 hours, by all customers together. 0: any number.",
    )
    velocity_payers_of_number_per_day: int = Field(
        default=5,
        ge=0,
        description="Different customers who may recharge the same number within 24 hours. 0: any number.",
    )
    velocity_payers_of_address_per_day: int = Field(
        default=100,
        ge=0,
        le=100_000,
        description="Different customers who may begin a payment from one address (IPv6: one /64) within 24 hours, counting only those who signed "
        "up, signed in on a device that is not known, or changed their number in the last VELOCITY_CAUTIOUS_HOURS. 0: any number.",
    )
    velocity_payers_of_device_per_day: int = Field(
        default=10,
        ge=0,
        le=100_000,
        description="Different customers who may begin a payment on one device within 24 hours, counting only those who signed up, signed in on "
        "a device that is not known, or changed their number in the last VELOCITY_CAUTIOUS_HOURS. 0: any number.",
    )
    velocity_topups_per_hour: int = Field(
        default=10,
        ge=0,
        description="Top-ups that one customer may begin within an hour; failed ones don't count. 0: any number.",
    )
    velocity_topup_rupees_per_day: int = Field(
        default=50_000,
        ge=0,
        le=10_000_000,
        description="What one customer may put into the wallet within 24 hours, in rupees, besides the limits of the KYC "
        "tier. 0: any sum.",
    )
    velocity_cautious_hours: int = Field(
        default=24,
        ge=0,
        le=720,
        description="For how many hours after a sign-in on a device that is not known, or after a change of number, "
        "VELOCITY_CAUTIOUS_RUPEES_PER_DAY bounds a customer's recharges. 0: never.",
    )
    velocity_cautious_rupees_per_day: int = Field(
        default=2_000,
        ge=0,
        le=10_000_000,
        description="What one customer's recharges may cost within 24 hours during that time, in rupees. 0: no less than "
        "otherwise.",
    )
    velocity_alert_per_ten_minutes: int = Field(
        default=50,
        ge=0,
        description="The staff are alerted when the velocity rules refused so much within ten minutes. 0: never.",
    )
