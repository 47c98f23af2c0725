"""The key that `gencharge signing-key` prints is one that production signs with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.run.cli import app
from gencharge.sessions import signing_key
from gencharge.sessions.errors import AccessTokenInvalid
from gencharge.sessions.tokens import Keyring, Principal
from tests.core.test_settings import GOOD

SOMEBODY = Principal(user_id=new_id(), kind="user", session_id=new_id())


def read(folder: Path, *lines: str, **overrides: Any) -> Settings:
    """The settings of a production whose `.env` has these lines."""
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    values = {name: value for name, value in GOOD.items() if name != "signing_key"} | overrides
    return Settings(_env_file=folder / ".env", **values)  # type: ignore[call-arg]


def test_the_line_that_the_command_prints_is_all_that_production_needs(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["signing-key"])
    assert printed.exit_code == 0
    [line] = printed.output.splitlines()
    settings = read(tmp_path, line)
    assert settings.signs_with == "EdDSA"
    keys = Keyring(settings)
    assert keys.verify(keys.sign(SOMEBODY))[0] == SOMEBODY
    assert CliRunner().invoke(app, ["signing-key"]).output != printed.output


def test_production_signs_with_no_secret_that_its_checkers_share(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"SIGNING_KEY: .*gencharge signing-key"):
        read(tmp_path)
    with pytest.raises(ValidationError, match="ALGORITHM: EdDSA in production"):
        read(tmp_path, signing_key.line_of(signing_key.make()), algorithm="HS256")


def test_a_rotation_has_two_different_keys(tmp_path: Path) -> None:
    before, after = (signing_key.line_of(signing_key.make()) for _ in range(2))
    first = Keyring(read(tmp_path, before))
    rotating = Keyring(read(tmp_path, after, f"PREVIOUS_{before}"))
    assert rotating.verify(first.sign(SOMEBODY))[0] == SOMEBODY
    with pytest.raises(AccessTokenInvalid):
        first.verify(rotating.sign(SOMEBODY))
    with pytest.raises(ValidationError, match="PREVIOUS_SIGNING_KEY: the key before"):
        read(tmp_path, after, f"PREVIOUS_{after}")
