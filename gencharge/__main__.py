"""`python -m gencharge`: the same as the `gencharge` command."""

from gencharge.cli import app

app()
