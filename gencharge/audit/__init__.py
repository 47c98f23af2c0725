"""Who did what: an entry for every event, in MongoDB, chained by hash and anchored in PostgreSQL."""
