-- The part of `p_whole` that number `p_index` (from 0) of `p_parts` gets: the first ones get what can't be divided, those beyond
-- p_parts nothing. NULL if p_whole is. Takes no lock.
CREATE OR REPLACE FUNCTION part_of(p_whole bigint, p_parts bigint, p_index integer) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF p_index >= p_parts THEN
        RETURN 0;
    END IF;
    RETURN p_whole / p_parts + CASE WHEN p_index < p_whole % p_parts THEN 1 ELSE 0 END;
END $$;
