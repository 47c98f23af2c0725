"""Kinds of notices and their variables."""

from __future__ import annotations

import pytest

from gencharge.notifications.kinds import Kind, VariableType, choice
from gencharge.notifications.registry import KINDS


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_each_variable_has_a_sample_of_its_type(kind: Kind) -> None:
    for name, variable in kind.variables.items():
        is_number = variable.type in {VariableType.MONEY, VariableType.NUMBER}
        assert isinstance(variable.sample, int) is is_number, name
        assert not (variable.is_required and variable.is_optional), name


def test_the_sample_of_a_choice_is_its_first_code() -> None:
    assert choice("yes", "no").sample == "yes"
