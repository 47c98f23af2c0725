"""`python -m gencharge.run.preload serve`: loads what a command needs, and begins the command when its parent says so.

`gencharge dev` starts the API this way, together with the stores: loading takes longer than anything else of a start,
and needs none of them.
"""

from __future__ import annotations

import runpy
import sys
from importlib import import_module
from typing import Final

from gencharge.core import loading

# What the parent writes to our standard input.
BEGIN: Final = b"begin\n"
_MODULES: Final = {
    "serve": ("gencharge.run.serving", "gencharge.api.main", "gencharge.core.postgres.migrations")
}


def main(command: str) -> None:
    """Load, wait for the parent, run. Returns at once if the parent closes the pipe without a word, as its end does."""
    loading.begin()
    for module in _MODULES[command]:
        import_module(module)
    if sys.stdin.buffer.readline() != BEGIN:
        return
    sys.argv = ["gencharge", command]
    runpy.run_module("gencharge", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])
