"""What it costs a process to load the product: `python -m bench.loading [checkout ...]`.

Each checkout loads in turn, in processes of their own: CPU seconds (user and system) from the start of the process to its end, lower
quartile and median. `commands` is the command line alone, `product` all rooms with the API, `serving` the same in production, where every
route and model is made before the first request. Compare within one run.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

_ROUNDS: Final = 7
_BEGIN: Final = "from gencharge.core import loading; loading.begin(); "
_PRODUCT: Final = (
    f"{_BEGIN}import gencharge.run.serving, gencharge.api.main as api, gencharge.core.postgres.migrations; "
)
# An older checkout makes all when it loads.
_CODE: Final = {
    "commands": f"{_BEGIN}import gencharge.run.cli",
    "product": _PRODUCT,
    "serving": f"{_PRODUCT}getattr(api, 'make_whole', int)()",
}


def measure(checkout: Path, code: str) -> float:
    """CPU seconds of a process that runs the code."""
    before = os.times()
    subprocess.run([checkout / ".venv/bin/python", "-c", code], cwd=checkout, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Measure them in turn, and print a line for each."""
    checkouts = [Path(word).resolve() for word in sys.argv[1:]] or [Path.cwd()]
    taken: dict[tuple[Path, str], list[float]] = {}
    for _ in range(_ROUNDS):
        for checkout in checkouts:
            for name, code in _CODE.items():
                taken.setdefault((checkout, name), []).append(measure(checkout, code))
    print(f"{'checkout':30}{'what':>10}{'quartile':>10}{'median':>8}   CPU s")
    for (checkout, name), seconds in taken.items():
        quartile, median, _ = statistics.quantiles(seconds, n=4)
        print(f"{checkout.name[-29:]:30}{name:>10}{quartile:10.2f}{median:8.2f}")


if __name__ == "__main__":
    main()
