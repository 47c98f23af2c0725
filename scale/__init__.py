"""`gencharge seed --scale`: a million customers and their five million transactions, for measuring.

Not sample data to look at but a database of the size of a country's: names, statuses, numbers, and two years of top-ups
and recharges whose ledger is as clean as any other (`gencharge ledger verify`). It comes in by COPY, all of it or
nothing; then the figures of analytics are counted. The same `--seed` gives the same customers and movements, counted back from the
moment of the run.
"""

from scale.loading import NAMED, Refused, Size, check_safe, load, seed

__all__ = ["NAMED", "Refused", "Size", "check_safe", "load", "seed"]
