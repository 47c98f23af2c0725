"""The `gencharge` command, and `python -m gencharge`."""

from __future__ import annotations

import gc

from gencharge.run.cli import app


def main() -> None:
    """Run the command that the arguments name."""
    # Half a million objects that a command loads stay. Python looks for garbage after every 700 new objects, and looking
    # through these took a sixth of a start.
    gc.set_threshold(50_000)
    app()


if __name__ == "__main__":
    main()
