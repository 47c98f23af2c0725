"""What a process remembers about tokens and ended sessions."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions.errors import AccessTokenExpired, AccessTokenInvalid, SessionEnded
from gencharge.sessions.gate import MAX_VERIFIED, Gate
from tests.make.sessions import OTHER_SECRET, make_principal, signing_settings


def test_the_gate_remembers_no_more_than_its_limit_and_still_admits() -> None:
    gate = Gate(signing_settings())
    header = f"Bearer {gate.keys.sign(make_principal())}".encode()
    principal, _ = gate.admit(header)
    gate._verified |= {b"%d" % number: gate._verified[header] for number in range(MAX_VERIFIED)}
    other = f"Bearer {gate.keys.sign(make_principal())}".encode()
    gate.admit(other)
    assert len(gate._verified) < MAX_VERIFIED
    assert gate.admit(header)[0] == principal


def test_new_keys_make_the_gate_forget_what_it_verified_with_the_old_ones() -> None:
    gate = Gate(signing_settings())
    header = f"Bearer {gate.keys.sign(make_principal())}".encode()
    gate.admit(header)
    gate.replace_keys(Settings(_env_file=None, environment="test", secret_key=OTHER_SECRET))  # type: ignore[call-arg]
    with pytest.raises(AccessTokenInvalid):
        gate.admit(header)


def test_an_ended_session_is_forgotten_once_its_tokens_have_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(signing_settings())
    gate.end([new_id()])
    gate.forget_expired()
    assert len(gate._ended) == 1
    later = time.monotonic() + gate.memory_seconds + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    gate.forget_expired()
    assert not gate._ended


def test_an_ended_session_is_remembered_although_this_process_signs_shorter_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long, short = (Gate(signing_settings(access_token_expire_minutes=minutes)) for minutes in (60, 1))
    principal = make_principal()
    header = f"Bearer {long.keys.sign(principal)}".encode()
    short.end([principal.session_id])
    later = time.monotonic() + 59 * 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    short.forget_expired()
    with pytest.raises(SessionEnded):
        short.admit(header)


@pytest.mark.parametrize("hours", [1, -1, 0])
def test_a_wall_clock_that_jumps_by_an_hour_lets_no_known_token_live_longer(
    monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    gate = Gate(signing_settings())
    header = f"Bearer {gate.keys.sign(make_principal())}".encode()
    gate.admit(header)
    real, now, wall = time.monotonic, clock.now, time.time
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(hours=hours, seconds=61))
    monkeypatch.setattr(time, "time", lambda: wall() + 3600 * hours + 61)
    monkeypatch.setattr(time, "monotonic", lambda: real() + 61)
    with pytest.raises((AccessTokenExpired, AccessTokenInvalid)):
        gate.admit(header)
    with pytest.raises((AccessTokenExpired, AccessTokenInvalid)):
        gate.admit(header)


def test_each_ended_session_is_announced_once_to_what_outlives_a_request() -> None:
    gate = Gate(signing_settings())
    ended: list[object] = []
    gate.on_end.append(ended.append)
    first, second = new_id(), new_id()
    gate.end([first])
    gate.end([first, second])
    assert ended == [first, second]


def test_the_gate_says_how_long_an_admitted_token_is_good() -> None:
    gate = Gate(signing_settings())
    header = f"Bearer {gate.keys.sign(make_principal())}".encode()
    assert gate.seconds_left(header) == 0
    gate.admit(header)
    assert 0 < gate.seconds_left(header) <= gate.keys.lifetime_seconds


def test_what_was_issued_before_the_cut_off_is_refused_also_if_it_was_verified_already() -> None:
    gate = Gate(signing_settings())
    header = f"Bearer {gate.keys.sign(make_principal())}".encode()
    issued = gate.admit(header)[0].issued_at
    gate.end_issued_before(issued)
    assert gate.admit(header)[0].issued_at == issued
    gate.end_issued_before(issued + 1)
    gate.end_issued_before(0)  # an earlier one changes nothing
    with pytest.raises(SessionEnded):
        gate.admit(header)
    with clock.later(seconds=2):
        gate.admit(f"Bearer {gate.keys.sign(make_principal())}".encode())
