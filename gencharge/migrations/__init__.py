"""Schema migrations (Alembic): one linear history, plain SQL where the ORM has no word for it."""
