"""Which operator a number was first allocated to: only a hint, because numbers are portable.

The table is the +91 part of the carrier data of the `phonenumbers` package, kept as a file of this package: that
module holds the whole world's and takes some 40 MB of memory to import. After an update of `phonenumbers`,
`python -m gencharge.operators.prefixes` rewrites the file (a test compares the two).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

_FILE: Final = "data/prefixes_in.csv"
# The names of phonenumbers' carriers -> codes of operators_in.csv.
BRANDS: Final = {
    "Aircel": "AIRCEL",
    "Airtel": "AIRTEL",
    "BSNL MOBILE": "BSNL",
    "Idea": "IDEA",
    "MTNL": "MTNL",
    "Reliance Jio": "JIO",
    "S TEL": "STEL",
    "Tata Docomo": "DOCOMO",
    "Telenor": "TELENOR",
    "Telewings": "TELENOR",
    "Uninor": "TELENOR",
    "Vodafone": "VODAFONE",
}


@cache
def served_by() -> dict[str, str | None]:
    """Brand code -> code of the operator that serves its subscribers today; None if the brand closed."""
    text = files("gencharge.operators").joinpath("data/operators_in.csv").read_text(encoding="utf-8")
    return {row["code"]: row["now_served_by"] or None for row in csv.DictReader(text.splitlines())}


@cache
def _prefixes() -> tuple[dict[str, str], tuple[int, ...]]:
    """Prefix (digits from 91 on) -> carrier's name, and the lengths of prefixes, longest first."""
    text = files("gencharge.operators").joinpath(_FILE).read_text(encoding="utf-8")
    table = {
        prefix: row["carrier"]
        for row in csv.DictReader(text.splitlines())
        for prefix in row["prefixes"].split()
    }
    return table, tuple(sorted({len(prefix) for prefix in table}, reverse=True))


def carrier_name(phone_number: str) -> str | None:
    """The carrier that an E.164 number's block was allocated to, as phonenumbers names it; None if unknown."""
    table, lengths = _prefixes()
    digits = phone_number.removeprefix("+")
    return next((table[digits[:length]] for length in lengths if digits[:length] in table), None)


@lru_cache(maxsize=16_384)
def hint(phone_number: str) -> str | None:
    """The code of the operator that an E.164 number's block belongs to today; None if unknown or closed."""
    name = carrier_name(phone_number)
    brand = BRANDS.get(name) if name is not None else None
    return served_by().get(brand) if brand is not None else None


def carriers() -> dict[str, str]:
    """Prefix -> carrier's name for India, from the phonenumbers package itself (slow, and some 40 MB)."""
    from phonenumbers.carrierdata import CARRIER_DATA

    return {prefix: names["en"] for prefix, names in CARRIER_DATA.items() if prefix.startswith("91")}


def write(path: Path) -> None:
    """Rewrite the file: one line for each carrier, with its prefixes in order."""
    by_carrier = defaultdict(list)
    for prefix, name in sorted(carriers().items()):
        by_carrier[name].append(prefix)
    lines = (f"{name},{' '.join(prefixes)}\n" for name, prefixes in sorted(by_carrier.items()))
    path.write_text("carrier,prefixes\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent / _FILE)
