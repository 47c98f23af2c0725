"""What was loaded is frozen once; a process that is loaded has Python's usual search for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from gencharge.core import loading


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """This process's own frozen objects and thresholds come back."""
    threshold, had_frozen = gc.get_threshold(), gc.get_freeze_count() > 0
    gc.unfreeze()
    yield
    gc.set_threshold(*threshold)
    if had_frozen:
        gc.freeze()


def test_while_it_loads_python_looks_for_garbage_seldom_and_then_as_often_as_usual() -> None:
    usual = gc.get_threshold()
    loading.begin()
    assert gc.get_threshold()[0] > usual[0]
    loading.end()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > 1_000


def test_a_second_end_freezes_nothing_more() -> None:
    loading.begin()
    loading.end()
    count = gc.get_freeze_count()
    new = [object() for _ in range(3)], {"a": []}
    loading.end()
    assert gc.get_freeze_count() <= count
    assert new


def test_an_end_without_a_begin_freezes_too() -> None:
    loading.end()
    assert gc.get_freeze_count() > 1_000
