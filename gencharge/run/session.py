"""`gencharge login`: an access token for the shell, from an API that runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final

from gencharge.run.dev import DEVELOPMENT_OTP
from gencharge.run.embedded import ServerFailed

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

_TIMEOUT_SECONDS: Final = 10
# The sample numbers, which sign in with one fixed code in development.
_SAMPLE_NUMBERS: Final = range(9_000_000_000, 9_000_010_000)


def sign_in(settings: Settings, number: str, ask_code: Callable[[], str]) -> str:
    """Sign a number in and return its access token. Raises ServerFailed with the API's own words.

    `ask_code` is called unless the number is a sample one, whose code is known.
    """
    asked = _post(settings, "/v1/auth/login", phone_number=number)
    sample = number.isdecimal() and int(number) in _SAMPLE_NUMBERS
    otp = (settings.dev_fixed_otp or DEVELOPMENT_OTP) if sample else ask_code()
    challenge = str(asked["challenge_id"])
    answer = _post(
        settings, "/v1/auth/verify-otp-login", phone_number=number, challenge_id=challenge, otp=otp
    )
    return str(answer["access_token"])


def _post(settings: Settings, path: str, **body: str) -> dict[str, Any]:
    connection = HTTPConnection(settings.host, settings.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, HTTPException, ValueError):
        raise ServerFailed(
            f"GenCharge does not answer on http://{settings.host}:{settings.port}: start it with `make run`, or set PORT"
        ) from None
    finally:
        connection.close()
    if response.status >= 400:
        fields = "; ".join(
            f"{problem['field']}: {problem['message']}" for problem in answer.get("errors", ())
        )
        raise ServerFailed(fields or str(answer.get("detail", f"the API answered {response.status}")))
    return answer
