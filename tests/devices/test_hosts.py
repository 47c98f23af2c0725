"""Only push services of browsers are called."""

from __future__ import annotations

import pytest

from gencharge.core.settings import Environment, Settings
from gencharge.devices.errors import PushEndpointInvalid
from gencharge.devices.hosts import check_endpoint

DEVELOPMENT = Settings(_env_file=None, environment="test")  # type: ignore[call-arg]
PRODUCTION = DEVELOPMENT.model_copy(update={"environment": Environment.PRODUCTION})


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QGk",
        "https://sg2p.notify.windows.com/w/?token=BQY",
    ],
)
def test_the_services_of_browsers_are_known(endpoint: str) -> None:
    check_endpoint(PRODUCTION, endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://127.0.0.1/push",
        "https://169.254.169.254/latest/meta-data",
        "https://evilfcm.googleapis.com.example/abc",
        "https://notfcm.googleapis.com.evil.example/",
        "https://xpush.apple.com/abc",
        "https://user@fcm.googleapis.com/abc",
        "https://fcm.googleapis.com@evil.example/abc",
        "https://internal/abc",
        "file:///etc/passwd",
    ],
)
def test_everything_else_is_refused(endpoint: str) -> None:
    with pytest.raises(PushEndpointInvalid):
        check_endpoint(PRODUCTION, endpoint)


def test_the_sandbox_is_a_push_service_in_development_alone() -> None:
    check_endpoint(DEVELOPMENT, "http://127.0.0.1:8001/push/web/x")
    with pytest.raises(PushEndpointInvalid):
        check_endpoint(PRODUCTION, "http://127.0.0.1:8001/push/web/x")
