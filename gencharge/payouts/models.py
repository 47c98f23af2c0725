"""Tables of the payouts. Amounts in paise. No column holds a UPI id or the number of an account: the gateway has them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.vault.columns import Sealed, SealedText

# Why a payout needs a payee whose owner never named one.
NO_PAYEE: Final = "no_payee"


class PayeeKind(StrEnum):
    """What money is sent to."""

    UPI = "upi"
    BANK_ACCOUNT = "bank_account"


class PayoutStatus(StrEnum):
    """How far a payout is."""

    NEEDS_PAYEE = "needs_payee"  # nobody said where it is to go, or the bank gave it back
    DUE = "due"  # on its way: the gateway is asked, or will be
    PAID = "paid"  # `utr` is the bank's reference; for some days the gateway is asked whether it came back


class Payee(Base):
    """Where a customer wants money that is left when their account is closed: checked with the bank, and kept by the gateway."""

    __tablename__ = "payees"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    # Null until a check succeeded; all five or none.
    kind: Mapped[str | None] = mapped_column(Text)
    # `ra***@okaxis`, `***6789`: enough to recognise it.
    destination: Mapped[str | None] = mapped_column(Text)
    # First letters of the holder's name at the bank.
    holder: Mapped[str | None] = mapped_column(Text)
    # The gateway's id of it, by which money is sent.
    fund_account: Mapped[Sealed | None] = mapped_column(SealedText)
    verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # How often the bank was asked since `checks_since`: each question costs us money.
    checks: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    checks_since: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("kind IN ('upi', 'bank_account')", name="kind"),
        CheckConstraint(
            "num_nulls(kind, destination, holder, fund_account, verified_at) IN (0, 5)", name="verified"
        ),
    )


class Payout(Base):
    """The rest of a closed account's balance. Its id is that of the transfer which took it out of the wallet."""

    __tablename__ = "payouts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    kind: Mapped[str | None] = mapped_column(Text)
    destination: Mapped[str | None] = mapped_column(Text)
    holder: Mapped[str | None] = mapped_column(Text)
    fund_account: Mapped[Sealed | None] = mapped_column(SealedText)
    # Each payee that it is sent to is a round: a reference of its own at the gateway.
    round: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    gateway_payout_id: Mapped[str | None] = mapped_column(Text)
    # Earlier ones of which the gateway said that they failed or came back: what it says later of these is old.
    ended_payout_ids: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    # The bank's reference: the proof.
    utr: Mapped[str | None] = mapped_column(Text)
    # Why it needs a payee, or why the last attempt proves nothing.
    reason: Mapped[str | None] = mapped_column(Text)
    # The admin who paid it by hand; null: the gateway did.
    paid_by: Mapped[UUID | None]
    paid_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()
    next_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("status IN ('needs_payee', 'due', 'paid')", name="status"),
        CheckConstraint("kind IN ('upi', 'bank_account')", name="kind"),
        CheckConstraint("(status = 'paid') = (utr IS NOT NULL AND paid_at IS NOT NULL)", name="proof"),
        CheckConstraint("status <> 'due' OR next_attempt_at IS NOT NULL", name="due"),
        # Nothing that the gateway did not pay is asked about.
        CheckConstraint(
            "status <> 'paid' OR next_attempt_at IS NULL OR gateway_payout_id IS NOT NULL", name="asked"
        ),
        CheckConstraint("status <> 'needs_payee' OR next_attempt_at IS NULL", name="at_rest"),
        CheckConstraint("status <> 'due' OR fund_account IS NOT NULL", name="payee"),
        Index("ix_payouts_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index("ix_payouts_all", "created_at", "payout_id"),
        # What the staff find it by.
        Index("ix_payouts_payout_id", "payout_id"),
        Index("ix_payouts_utr", "utr", postgresql_where=text("utr IS NOT NULL")),
        Index(
            "ix_payouts_gateway_payout_id",
            "gateway_payout_id",
            postgresql_where=text("gateway_payout_id IS NOT NULL"),
        ),
        Index("ix_payouts_ended_payout_ids", "ended_payout_ids", postgresql_using="gin"),
        Index("ix_payouts_open", "created_at", postgresql_where=text("status <> 'paid'")),
    )
