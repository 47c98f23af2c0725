"""The secrets of a data folder: random, private, and the same for all processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gencharge.core.development_secrets import FILE, NAMES, DevelopmentSecret, secrets_of

PRINT = """
import json, sys
from pathlib import Path
from gencharge.core.development_secrets import secrets_of
sys.stdin.readline()
print(json.dumps(secrets_of(Path(sys.argv[1]))))
"""


def test_each_folder_has_secrets_of_its_own_that_stay(tmp_path: Path) -> None:
    first, other = secrets_of(tmp_path / "a"), secrets_of(tmp_path / "b")
    assert set(first) == set(NAMES)
    assert len({*first.values(), *other.values()}) == 2 * len(NAMES)
    assert all(len(secret) >= 43 for secret in first.values())
    assert secrets_of(tmp_path / "a") == first


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        secrets_of(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_processes_that_start_at_once_get_the_same_secrets(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PRINT, str(tmp_path / "new")]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert all(answer == secrets_of(tmp_path / "new") for answer in answers)


def test_one_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("# of an earlier version\nSECRET_KEY=the-one-before\nOTP_SECRET=\n")
    secrets = secrets_of(tmp_path)
    assert secrets["secret_key"] == "the-one-before"
    assert len(secrets["otp_secret"]) >= 43
    assert secrets_of(tmp_path) == secrets


def test_a_shell_can_read_the_file(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path)
    script = f". {tmp_path / FILE}; printf %s $OPERATOR_API_SECRET"
    output = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == secrets["operator_api_secret"]


def test_a_write_that_breaks_off_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text("SECRET_KEY=the-one-before\n")

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gencharge.core.development_secrets.os.write", full)
        with pytest.raises(OSError, match="No space"):
            secrets_of(tmp_path)
    assert (tmp_path / FILE).read_text() == "SECRET_KEY=the-one-before\n"
    assert secrets_of(tmp_path)["secret_key"] == "the-one-before"


def test_a_secret_is_not_shown_and_is_equal_to_itself_only(tmp_path: Path) -> None:
    secret = DevelopmentSecret(tmp_path, "secret_key")
    assert secret.get_secret_value() == secrets_of(tmp_path)["secret_key"]
    assert secret.get_secret_value() not in f"{secret} {secret!r}"
    assert secret == DevelopmentSecret(tmp_path, "secret_key")
    assert hash(secret) == hash(DevelopmentSecret(tmp_path, "secret_key"))
    assert secret != DevelopmentSecret(tmp_path, "otp_secret")
    assert secret != secret.get_secret_value()
