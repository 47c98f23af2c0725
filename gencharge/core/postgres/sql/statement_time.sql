-- The instant of a statement: `p_pinned` if a test holds the clock, else when the statement came in. STABLE, so it may
-- bound an index scan, and it may stand in a statement that changes rows on several nodes; not inside CASE or COALESCE.
-- Takes no lock. A function that waits for a lock reads clock_timestamp() after the wait instead.
CREATE OR REPLACE FUNCTION statement_time(p_pinned timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce(p_pinned, statement_timestamp());
END $$;
