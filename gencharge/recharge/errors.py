"""The errors of recharges. A mismatch says what is known of the number and how to correct it."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    ReferenceAlreadyUsed,
    Unavailable,
    field_problem,
)
from gencharge.offers.errors import (
    OfferAlreadyUsed,
    OfferChanged,
    OfferCodeLimitExceeded,
    OfferCodeNotFound,
    OfferCodeNotYours,
    OfferCodeUsed,
    OfferEnded,
    OfferNotApplicable,
    OfferNotBegun,
    OfferNotFound,
    OfferUsedUp,
)
from gencharge.plans.errors import PlanNotFound


class PlanInactive(Conflict):
    """This plan is not on sale right now."""


class AmountInvalid(Invalid):
    """This plan is not sold for this amount."""


class OperatorMismatch(Conflict):
    """This plan belongs to a different operator."""


class ServiceTypeMismatch(Conflict):
    """This plan is prepaid and the number is postpaid, or the other way round."""


class CircleMismatch(Conflict):
    """This plan is not sold in the number's circle."""


class OperatorDown(Unavailable):
    """The operator is not accepting recharges right now. Nothing was charged."""

    retry_after_seconds = 60


class OperatorChannelUnavailable(Unavailable):
    """This operator can't be recharged from the wallet yet. Nothing was charged."""

    retry_after_seconds = 3600


class BasePlanRequired(Conflict):
    """This add-on needs an active base plan on the number."""


class DuplicateRecharge(Conflict):
    """The same plan was bought for this number a short while ago. Set confirm_duplicate to true to buy it again."""


class WalletAmountInvalid(Invalid):
    """Leave at least Rs 1 for the gateway, or pay in full from the wallet."""


class PriceChanged(Conflict):
    """The price of this plan has changed. Nothing was charged. Get a new quote and use a new Idempotency-Key."""


class RechargeNotFound(NotFound):
    """Recharge not found."""


class BillNotRepeatable(Conflict):
    """A bill is paid once. Fetch the number's bill to see what is due now."""


class BillPaymentPending(Conflict):
    """A payment of this bill is on its way to the operator. Wait for its end; nothing was charged."""


class PlanNotReturnable(Conflict):
    """The operator has this plan already and does not take it back, so it can't be cancelled. It starts when its turn comes."""


class PlanNotQueued(Conflict):
    """This plan is not waiting to start, so it can't be cancelled or started."""


class RunningPlanEnds(Conflict):
    """Another plan is running on this number and would end now. Name it in `replaced_recharge_id` to start this one anyway."""


class PlanQueueChanged(Conflict):
    """These are not the plans that wait on this number now. Read the queue again."""


class RechargeNotRefundable(Conflict):
    """Only a delivered recharge can be refunded. A failed one is refunded automatically."""


# The outcomes of the SQL functions of a sale that become errors of this room or of `plans`.
REFUSALS = {
    kind.code(): kind
    for kind in (
        PlanNotFound,
        PlanInactive,
        AmountInvalid,
        OperatorMismatch,
        ServiceTypeMismatch,
        CircleMismatch,
        OperatorDown,
        OperatorChannelUnavailable,
        BasePlanRequired,
        DuplicateRecharge,
        PriceChanged,
        OfferNotApplicable,
        OfferChanged,
    )
}

# What a chosen offer is refused with.
OFFER_REFUSALS = (
    OfferNotFound,
    OfferCodeNotFound,
    OfferCodeNotYours,
    OfferCodeUsed,
    OfferCodeLimitExceeded,
    OfferNotBegun,
    OfferEnded,
    OfferUsedUp,
    OfferAlreadyUsed,
)


def reference_used(recharge_id: UUID | None) -> ReferenceAlreadyUsed:
    """The caller's reference names this recharge. None: which one is not known any more."""
    problem = field_problem("body.reference", ReferenceAlreadyUsed.title(), ReferenceAlreadyUsed.code())
    return ReferenceAlreadyUsed(recharge_id=recharge_id, errors=[problem])
