"""`python -m gencharge`: the same as the `gencharge` command."""

from gencharge.run.cli import app

app()
