-- When a validity of `p_count` `p_unit` ends that begins at `p_from`: days of 24 hours, or the same time on the same date of a later
-- month in India (the last day if that month is shorter: PostgreSQL's own rule for adding months). NULL for a validity that
-- follows the base plan. Takes no lock.
CREATE OR REPLACE FUNCTION validity_end(p_from timestamptz, p_count integer, p_unit text) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF p_unit = 'day' THEN
        RETURN p_from + make_interval(hours => 24 * p_count);
    ELSIF p_unit = 'month' THEN
        RETURN ((p_from AT TIME ZONE 'Asia/Kolkata') + make_interval(months => p_count)) AT TIME ZONE 'Asia/Kolkata';
    END IF;
    RETURN NULL;
END $$;
