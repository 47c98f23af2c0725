"""The `gencharge` command, and `python -m gencharge`."""

from __future__ import annotations

from gencharge.core import loading
from gencharge.run import entry


def main() -> None:
    """Run the command that the arguments name."""
    loading.begin()
    entry.run()


if __name__ == "__main__":
    main()
