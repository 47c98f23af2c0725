"""Whatever can be charted has words for its title."""

from __future__ import annotations

import pytest

from gencharge.analytics import chart_words
from gencharge.analytics.chart_staff_service import SOURCES, Source
from gencharge.core.wording import in_language


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.charted.name)
def test_each_measure_and_distribution_has_a_title_in_both_languages(source: Source) -> None:
    what = source.charted
    for measure in what.measures:
        for cut in what.distributions:
            name = measure.removesuffix("_amount")
            title = chart_words.title(what.name, name, chart_words.DIMENSIONS[cut], is_money=name != measure)
            hindi = in_language(title, "hi")
            assert ("₹" in title) == ("₹" in hindi) == (name != measure)
            assert not {letter for letter in hindi if letter.isascii() and letter.isalpha()}, hindi
