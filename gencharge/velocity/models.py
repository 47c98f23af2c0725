"""What the velocity rules held back, and whom the staff allow more. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class VelocityRule(StrEnum):
    """A rule on how fast money may move. The order is that of the bounds which the SQL functions take."""

    RECHARGES_IN_10_MINUTES = "recharges_in_10_minutes"  # by one customer
    RECHARGES_IN_A_DAY = "recharges_in_a_day"  # by one customer
    RECHARGE_SUM_IN_A_DAY = "recharge_sum_in_a_day"  # of one customer, in paise
    NUMBERS_IN_A_DAY = "numbers_in_a_day"  # different ones, recharged by one customer
    RECHARGES_OF_NUMBER_IN_A_DAY = "recharges_of_number_in_a_day"  # by all customers
    PAYERS_OF_NUMBER_IN_A_DAY = "payers_of_number_in_a_day"  # different customers
    TOPUPS_IN_AN_HOUR = "topups_in_an_hour"  # by one customer
    TOPUP_SUM_IN_A_DAY = "topup_sum_in_a_day"  # of one customer, in paise
    RECHARGE_SUM_WHILE_CAUTIOUS = "recharge_sum_while_cautious"  # of one customer in 24 hours, in paise
    # Different customers with a caution, from one address (IPv6: one /64).
    PAYERS_OF_ADDRESS_IN_A_DAY = "payers_of_address_in_a_day"
    PAYERS_OF_DEVICE_IN_A_DAY = "payers_of_device_in_a_day"  # different customers with a caution


class HeldBackKind(StrEnum):
    """What a rule refused."""

    RECHARGE = "recharge"
    TOPUP = "topup"


class HeldBack(Base):
    """What a rule refused. One row for each customer, rule and number in an hour; a repeat counts it up."""

    __tablename__ = "held_back"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    held_back_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    # The number, the address or the id of the device that the rule is about; empty for a rule about the customer.
    subject: Mapped[str] = mapped_column(Text)
    # When the hour of this row began.
    window_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Of the last attempt: what it would have cost, for which number, by which sign-in, from where.
    amount: Mapped[int] = mapped_column(BigInteger)
    phone_number: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(Text)
    bound: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('recharge', 'topup')", name="kind"),
        CheckConstraint("attempts > 0", name="attempts"),
        Index("uq_held_back_window", "user_id", "rule", "subject", "window_from", unique=True),
        # The staff's list, over all customers.
        Index("ix_held_back_all", "first_at", "held_back_id"),
    )


class CautionReason(StrEnum):
    """Why a customer is looked at more closely for a while."""

    NEW_DEVICE = (
        "new_device"  # a sign-in on a device, and from an address, that were not known to be the customer's
    )
    NUMBER_CHANGED = "number_changed"
    NEW_ACCOUNT = "new_account"  # a sign-up, which bounds no sum: there was nobody to take the account from


class VelocityCaution(Base):
    """Until an instant, a customer may spend less, since it may be somebody else who signed in, and counts as a payer of their address and
    device.

    The last reason counts.
    """

    __tablename__ = "velocity_cautions"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("reason IN ('new_device', 'number_changed', 'new_account')", name="reason"),
        Index("ix_velocity_cautions_ends_at", "ends_at"),
    )


class VelocityPayer(Base):
    """A customer with a caution who began a payment from a network (an IPv4 address, the /64 of an IPv6 address), and when last."""

    __tablename__ = "velocity_payers"

    network: Mapped[str] = mapped_column(Text, primary_key=True)
    payer_id: Mapped[UUID] = mapped_column(primary_key=True)
    paid_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_velocity_payers_paid_at", "paid_at"),)


class VelocityDevicePayer(Base):
    """A customer with a caution who began a payment on a device (as its sign-in says, `sessions.device_id`), and when last."""

    __tablename__ = "velocity_device_payers"

    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[UUID] = mapped_column(primary_key=True)
    paid_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_velocity_device_payers_paid_at", "paid_at"),)


class AllowanceScope(StrEnum):
    """What an allowance is for."""

    USER = "user"  # a customer: all rules about customers
    NUMBER = "number"  # a phone number: all rules about numbers
    ADDRESS = "address"  # an IP address (IPv6: its /64): the rule about addresses


class VelocityAllowance(Base):
    """Until an instant, the bounds of one customer or one number are so many times as high. The staff decide."""

    __tablename__ = "velocity_allowances"

    allowance_id: Mapped[UUID] = mapped_column(primary_key=True)
    # `user:<id>`, `number:<E.164>` or `address:<network>`
    subject: Mapped[str] = mapped_column(Text)
    factor: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    allowed_by: Mapped[UUID]
    allowed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # An allowance that is withdrawn ends at once.
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("factor BETWEEN 2 AND 100", name="factor"),
        Index("ix_velocity_allowances_all", "allowed_at", "allowance_id"),
        Index("ix_velocity_allowances_subject", "subject", "ends_at"),
    )
