"""What each area must be for its statements and answers to fit together."""

from __future__ import annotations

import pytest

from gencharge.analytics.area_service import AREAS
from gencharge.analytics.areas import ALL, NOW, OPERATOR, Area

every_area = pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)


@every_area
def test_each_fact_is_counted_in_one_way(area: Area) -> None:
    names = sorted(fact.name for fact in (*area.counted_facts, *area.recharge_facts))
    assert names == sorted({fact.name for fact in area.facts})
    assert area.main in names


@every_area
def test_each_distribution_has_keys_and_no_two_have_one_name(area: Area) -> None:
    of_facts = {cut for fact in area.counted_facts for cut in fact.keys} | set(area.recharge_cuts.values())
    assert of_facts == set(area.cuts) | set(area.tops)
    of_state = set(area.state.keys) if area.state else set()
    assert of_state == set(area.state_cuts)
    assert of_facts.isdisjoint(of_state | {ALL, NOW, OPERATOR})
    assert set(area.cut_facts) <= set(area.cuts)


@every_area
def test_each_figure_says_what_it_means(area: Area) -> None:
    means = [fact.means for fact in area.facts] + [*area.cuts.values(), *area.tops.values()]
    means += [area.state.means, *area.state_cuts.values()] if area.state else []
    assert all(text.endswith(".") and len(text) > 15 for text in means)
