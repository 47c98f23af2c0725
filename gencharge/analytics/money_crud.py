"""What is counted of payments, autopay and referrals."""

from __future__ import annotations

from typing import Final

from gencharge.analytics.areas import Area, Fact, State
from gencharge.sessions.guards import Resource

PAYMENTS: Final = Area(
    name="payments",
    title="payments",
    resource=Resource.PAYMENTS,
    main="captured",
    facts=(
        Fact(
            "created",
            "Payments that customers were asked for, whatever became of them.",
            source="FROM payments WHERE user_id IS NOT NULL",
            at="created_at",
            amount="amount",
            keys={"payment_method": "method", "purpose": "purpose", "source": "source"},
        ),
        Fact(
            "captured",
            "Payments whose money came in, refunded ones included.",
            source="FROM payments WHERE user_id IS NOT NULL AND captured_at IS NOT NULL",
            at="captured_at",
            amount="amount",
            keys={"payment_method": "method", "purpose": "purpose", "source": "source"},
        ),
        Fact(
            "refunded",
            "Refunds that the gateway paid out to where the money came from, in part or in full.",
            source="FROM refunds JOIN payments USING (user_id, payment_id) WHERE user_id IS NOT NULL AND refunds.status = 'processed'",
            at="refunds.completed_at",
            amount="refunds.amount",
            keys={
                "payment_method": "payments.method",
                "purpose": "payments.purpose",
                "source": "payments.source",
            },
        ),
    ),
    cuts={
        "payment_method": "How the money came in.",
        "purpose": "What it was for: the wallet, or the gateway's part of a recharge.",
        "source": "Where the customer paid.",
    },
)
_TRIES: Final = "FROM autopay_attempts JOIN autopays USING (user_id, autopay_id) WHERE user_id IS NOT NULL AND outcome = '{}'"


def _tries(outcome: str, means: str) -> Fact:
    return Fact(
        outcome,
        means,
        source=_TRIES.format(outcome),
        at="attempted_at",
        operator="autopays.operator",
        amount="autopay_attempts.amount",
        keys={"tag": "autopays.tag", "reason": "autopay_attempts.reason"},
    )


AUTOPAY: Final = Area(
    name="autopay",
    title="autopay",
    resource=Resource.AUTOPAY,
    main="succeeded",
    is_scoped=True,
    facts=(
        Fact(
            "set_up",
            "Autopays that customers set up.",
            source="FROM autopays WHERE user_id IS NOT NULL",
            at="created_at",
            operator="operator",
            keys={"tag": "tag"},
        ),
        _tries("succeeded", "Runs that recharged the number, and what they cost."),
        _tries("failed", "Tries that failed and are repeated."),
        _tries("abandoned", "Runs that were abandoned after the last try."),
        _tries("paused", "Runs that paused the autopay until its owner decides."),
        _tries("skipped", "Runs that the owner left out."),
    ),
    cuts={
        "tag": "`regular`: again and again; `onetime`: on one date.",
        "reason": "Tries that failed, were abandoned or paused, by the reason.",
    },
    cut_facts={"reason": ("failed", "abandoned", "paused")},
    state=State(
        "Autopays that there are, ended ones included.",
        source="FROM autopays WHERE user_id IS NOT NULL",
        operator="operator",
        keys={"status": "status", "pays_from": "payment_method", "pause_reason": "pause_reason"},
    ),
    state_cuts={
        "status": "Autopays by status.",
        "pays_from": "Autopays by what they are paid from.",
        "pause_reason": "Why paused autopays are paused.",
    },
)
_REWARDS: Final = "FROM referral_rewards WHERE user_id IS NOT NULL"
_SIDE: Final = {"side": "side"}
REFERRALS: Final = Area(
    name="referrals",
    title="referral rewards",
    resource=Resource.REFERRALS,
    main="paid",
    facts=(
        Fact(
            "promised",
            "Rewards that began when a referred customer registered. A referral has one for each side that gets something.",
            source=_REWARDS,
            at="created_at",
            amount="amount",
            keys=_SIDE,
        ),
        Fact(
            "earned",
            "Rewards that were earned: the new customer's first recharge was delivered.",
            source=f"{_REWARDS} AND earned_at IS NOT NULL",
            at="earned_at",
            amount="amount",
            keys=_SIDE,
        ),
        Fact(
            "paid",
            "Rewards that were paid, what was kept for earlier debts included.",
            source=f"{_REWARDS} AND paid_at IS NOT NULL",
            at="paid_at",
            amount="amount",
            keys=_SIDE,
        ),
        Fact(
            "reversed",
            "Rewards whose recharge was refunded. The amount is what the wallet gave back; the rest is owed.",
            source=f"{_REWARDS} AND state = 'reversed' AND ended_at IS NOT NULL",
            at="ended_at",
            amount="taken_back",
            keys=_SIDE,
        ),
    ),
    cuts={"side": "Whose reward it is: of the customer whose code was used, or of the new one."},
    state=State(
        "Rewards that there are, ended ones included.",
        source=_REWARDS,
        keys={"status": "CASE WHEN held_at IS NOT NULL THEN 'held' ELSE state END"},
    ),
    state_cuts={"status": "Rewards by status; `held`: the staff look at them first."},
)
