"""What a device may say when it registers."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gencharge.devices.schemas import PushKeys, RegisterDevice
from tests.make.push import browser_keys


@pytest.mark.parametrize(
    "wrong", [{"p256dh": "!!"}, {"p256dh": "BAAA"}, {"auth": "AAAA"}, {"auth": "é"}, {"other": "x"}]
)
def test_keys_that_nothing_can_be_encrypted_for_are_refused(wrong: dict[str, str]) -> None:
    PushKeys.model_validate(browser_keys())
    with pytest.raises(ValidationError):
        PushKeys.model_validate(browser_keys() | wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "web"},
        {"token": "short"},
        {"token": "../../3/device/x" * 4},
        {"badge": -1},
        {"app_version": "1 0"},
    ],
)
def test_a_token_is_one_part_of_a_path_and_nothing_else(wrong: dict[str, Any]) -> None:
    body = {"platform": "ios", "token": "0123456789abcdef" * 4}
    RegisterDevice.model_validate(body)
    with pytest.raises(ValidationError):
        RegisterDevice.model_validate(body | wrong)
