-- Takes a number's lock: whoever changes its plans holds the row of `lines` to the end of the transaction.
CREATE OR REPLACE FUNCTION lock_line(p_phone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM lines WHERE phone_number = p_phone FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO lines (phone_number) VALUES (p_phone) ON CONFLICT DO NOTHING;
        PERFORM FROM lines WHERE phone_number = p_phone FOR UPDATE;
    END IF;
END $$;
