"""What lists of recharges can be asked for."""

from __future__ import annotations

from enum import StrEnum


class RechargeCategory(StrEnum):
    """What a recharge buys: a plan of one of the plans' categories, or the payment of a bill."""

    UNLIMITED = "unlimited"
    DATA_ADDON = "data_addon"
    TALKTIME = "talktime"
    ROAMING = "roaming"
    POSTPAID_RENTAL = "postpaid_rental"
    BILL = "bill"
