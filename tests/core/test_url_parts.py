"""What is wrong with a URL is said without its password."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gencharge.core import url_parts
from gencharge.core.settings import Settings

# Compatible forms (NFKC) of letters, of which Python's own refusal repeats all before the host.
HIDDEN = "hid\N{ACCOUNT OF}den"


def test_a_url_is_split() -> None:
    parts = url_parts.split("redis://user:secret@host:6379/0")
    assert (parts.hostname, parts.port, parts.password) == ("host", 6379, "secret")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("redis_url", f"redis://user:{HIDDEN}@host/0"),
        ("redis_url", f"redis+sentinel://user:{HIDDEN}@host/main"),
        ("database_url", f"postgresql://user:{HIDDEN}@host/main"),
        ("database_url", f"postgresql://user:{HIDDEN}@[::1/main"),
    ],
)
def test_no_refusal_of_a_setting_repeats_the_password(name: str, url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **{name: url})  # type: ignore[arg-type, call-arg]
    [problem] = refused.value.errors(include_input=False)
    assert "hid" not in problem["msg"]
    assert "%-escapes" in problem["msg"]
