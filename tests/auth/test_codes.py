"""Where one-time passwords come from."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from gencharge.auth import service
from gencharge.auth.codes import random_code

PACKAGE = Path(service.__file__).parent.parent


def test_random_codes_use_all_digits_evenly() -> None:
    codes = [random_code("") for _ in range(20_000)]
    assert all(re.fullmatch(r"\d{6}", code, re.ASCII) for code in codes)
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        # Chi-square with nine degrees of freedom: 40 is passed by chance once in 130,000 times.
        assert sum((counts[digit] - 2_000) ** 2 / 2_000 for digit in "0123456789") < 40
    assert len(set(codes)) > 19_000


def test_the_product_compares_with_no_constant_code() -> None:
    """The fixed code is a setting; examples in schemas are the one other place where it is written."""
    comparisons = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in PACKAGE.rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "111111" in line and path.parent.name == "auth" and "example" not in line
    ]
    assert comparisons == []
