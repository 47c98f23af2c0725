"""What the `gencharge` command does first."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command that the arguments name. `gencharge dev` begins to load the product before anything else."""
    if sys.argv[1:] == ["dev"] and sys.platform == "linux":
        from gencharge.run import early

        early.begin()
    from gencharge.run.cli import app

    app()
