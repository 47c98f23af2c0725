"""The port to a gateway: the adapter fills it exactly, and a failed call proves only what its class says."""

from __future__ import annotations

import inspect

import pytest

from gencharge.payments.gateway import CallFailed, CallNotSent, CallRefused, CallUnknown, Gateway
from gencharge.payments.razorpay import Razorpay

METHODS = [name for name, value in vars(Gateway).items() if inspect.isfunction(value) and name[0] != "_"]


@pytest.mark.parametrize("name", METHODS)
def test_the_adapter_takes_and_returns_what_the_port_says(name: str) -> None:
    port, adapter = getattr(Gateway, name), getattr(Razorpay, name)
    assert inspect.signature(adapter) == inspect.signature(port)
    assert inspect.iscoroutinefunction(adapter) is inspect.iscoroutinefunction(port)
    assert inspect.getdoc(port)


def test_the_port_has_every_call_that_a_gateway_needs() -> None:
    assert {"create_order", "capture", "refund", "fetch_refunds", "statement"} <= set(METHODS)
    # `ask` is for other products of the same gateway.
    public = {name for name in vars(Razorpay) if not name.startswith("_")} - {"name", "transport", "ask"}
    assert public == set(METHODS)


@pytest.mark.parametrize("kind", [CallRefused, CallNotSent, CallUnknown])
def test_a_failed_call_is_one_of_three_kinds_that_no_handler_confuses(kind: type[CallFailed]) -> None:
    error = kind("http_500")
    assert (error.reason, str(error)) == ("http_500", "http_500")
    others = {CallRefused, CallNotSent, CallUnknown} - {kind}
    assert isinstance(error, CallFailed)
    assert not isinstance(error, tuple(others))
