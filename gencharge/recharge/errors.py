"""What can stand against a recharge. A mismatch says what is known of the number and how to correct that."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, Unavailable


class PlanNotFound(NotFound):
    """There is no plan with this id."""


class PlanInactive(Conflict):
    """This plan is not on sale now."""


class OperatorMismatch(Conflict):
    """The plan is of another operator than the number."""


class ServiceTypeMismatch(Conflict):
    """The plan is prepaid and the number postpaid, or the reverse."""


class CircleMismatch(Conflict):
    """The plan is not sold in the number's circle."""


class OperatorDown(Unavailable):
    """The operator takes no recharges at the moment; nothing was charged."""

    retry_after_seconds = 60


class OperatorChannelUnavailable(Unavailable):
    """This operator can't be recharged from the wallet yet; nothing was charged."""

    retry_after_seconds = 3600


class BasePlanRequired(Conflict):
    """This add-on lives as long as a base plan, and the number has none that is active."""


class DuplicateRecharge(Conflict):
    """This number got the same plan a moment ago. Send confirm_duplicate: true if you want it once more."""


class WalletPartWrong(Invalid):
    """The wallet's part leaves nothing that a gateway could take; pay it all from the wallet, or less of it."""


class PriceChanged(Conflict):
    """The plan's price changed meanwhile; ask for a quote, and send a new Idempotency-Key."""


class RechargeNotFound(NotFound):
    """There is no recharge with this id, or key, among yours."""


class RefundImpossible(Conflict):
    """Only a delivered recharge can be taken back; one that failed was paid back by itself."""


class RefundTooLarge(Invalid):
    """The refund is above what is left of the payment."""


# The reasons that SQL gives (`recharge_terms`, `recharge_from_wallet`) and the errors that they become.
REFUSALS = {
    kind.code(): kind
    for kind in (
        PlanNotFound,
        PlanInactive,
        OperatorMismatch,
        ServiceTypeMismatch,
        CircleMismatch,
        OperatorDown,
        OperatorChannelUnavailable,
        BasePlanRequired,
        DuplicateRecharge,
        PriceChanged,
    )
}
