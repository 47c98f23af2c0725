"""The benchmark's own parts that a run cannot show to be wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench.world import World


def test_the_world_has_tokens_on_a_machine_that_was_just_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)
    tokens = world.tokens()
    assert len(tokens) == len(world.customers)
    assert world.tokens() is tokens
