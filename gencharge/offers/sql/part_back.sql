-- The part of `p_amount` paise that goes back with `p_refunded` of `p_paid`: rounded down to the paisa, all of it with the last one.
-- Takes no lock.
CREATE OR REPLACE FUNCTION part_back(p_amount bigint, p_refunded bigint, p_paid bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF p_refunded >= p_paid THEN
        RETURN p_amount;
    END IF;
    RETURN floor(p_amount::numeric * p_refunded / p_paid);
END $$;
