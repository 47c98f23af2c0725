"""What was loaded is frozen; a process that is loaded has Python's usual search for garbage.

Each in a process of its own: to thaw what this one has frozen would bring up the garbage of all tests before.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

BEGIN = "import gc; usual = gc.get_threshold(); from gencharge.core import loading; "
FREEZE_TWICE = """
loading.begin(); loading.end()
looks, gc.collect = [], lambda: looks.append(True)
before, new = gc.get_freeze_count(), [[number] for number in range(1_000)]
count, gc.get_freeze_count = gc.get_freeze_count, lambda: looks.append(True)
loading.end()
print(looks, count() >= before + len(new), gc.get_threshold() == usual)
"""


def output(code: str) -> str:
    words = [sys.executable, "-c", BEGIN + code]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def test_while_it_loads_python_looks_for_garbage_seldom_and_then_as_often_as_usual() -> None:
    code = "loading.begin(); seldom = gc.get_threshold()[0] > usual[0]; loading.end(); "
    code += "print(seldom, gc.get_threshold() == usual, gc.get_freeze_count() > 1_000)"
    assert output(code) == "True True True"


def test_a_process_may_look_at_other_thresholds_than_the_usual_ones() -> None:
    code = "loading.begin(afterwards=(20_000, 20, 5)); loading.end(); first = gc.get_threshold(); "
    code += "loading.end(); print(first, gc.get_threshold(), gc.get_freeze_count() > 1_000)"
    assert output(code) == "(20000, 20, 5) (20000, 20, 5) True"


def test_garbage_of_the_load_is_looked_for_and_not_frozen() -> None:
    code = "looks, collect = [], gc.collect; gc.collect = lambda: looks.append(collect()); "
    code += "loading.begin(); loading.end(); print(len(looks))"
    assert output(code) == "1"


def test_a_second_end_freezes_what_is_new_without_looking_through_or_counting_all() -> None:
    assert output(FREEZE_TWICE) == "[] True True"


# Python tells of each look at the garbage on standard error; what follows the word is the end of the process.
LOOKS_AT_THE_END = """
import sys
ring = [] ; ring.append(ring)
old = [[number] for number in range(10_000)]
{begin}
print("the end", file=sys.stderr, flush=True)
gc.set_debug(gc.DEBUG_STATS)
"""


@pytest.mark.parametrize(("begin", "looks_through_all"), [("", True), ("loading.begin()", False)])
def test_at_its_end_a_process_does_not_look_through_what_it_has_loaded(
    begin: str, looks_through_all: bool
) -> None:
    code = BEGIN + LOOKS_AT_THE_END.format(begin=begin)
    words = [sys.executable, "-c", code]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    report = answer.stderr.partition("the end")[2]
    oldest = [int(count) for count in re.findall(r"objects in each generation: \d+ \d+ (\d+)", report)]
    assert oldest, report
    assert (max(oldest) > 5_000) is looks_through_all, report
