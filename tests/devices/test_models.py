"""What a device is known by."""

from __future__ import annotations

from gencharge.devices.models import DevicePlatform, device_id_of


def test_a_token_has_one_id_on_each_platform() -> None:
    ids = {device_id_of(platform, token) for platform in DevicePlatform for token in ("a", "b")}
    assert len(ids) == 2 * len(DevicePlatform)
    assert all(each.version == 8 for each in ids)
    assert device_id_of(DevicePlatform.IOS, "a") == device_id_of(DevicePlatform.IOS, "a")
