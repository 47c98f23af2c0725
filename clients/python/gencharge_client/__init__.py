"""Python client of the GenCharge API: recharges, wallet, webhooks."""

from gencharge_client import models, webhooks
from gencharge_client.async_client import AsyncGenCharge
from gencharge_client.calls import Call, new_key
from gencharge_client.client import GenCharge
from gencharge_client.errors import ApiError, GenChargeError, NoAnswer, SignatureInvalid
from gencharge_client.exchange import Session
from gencharge_client.retries import Retries

__all__ = [
    "ApiError",
    "AsyncGenCharge",
    "Call",
    "GenCharge",
    "GenChargeError",
    "NoAnswer",
    "Retries",
    "Session",
    "SignatureInvalid",
    "models",
    "new_key",
    "webhooks",
]
