-- Takes a number's lock, to the end of the transaction: every change of the number's plans holds its row of `lines`.
-- Returns true if the number is new.
CREATE OR REPLACE FUNCTION lock_line(p_phone text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM lines WHERE phone_number = p_phone FOR UPDATE;
    IF FOUND THEN
        RETURN false;
    END IF;
    -- A row of our own is locked as well: another transaction's INSERT waits for our end.
    INSERT INTO lines (phone_number) VALUES (p_phone) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN true;
    END IF;
    PERFORM FROM lines WHERE phone_number = p_phone FOR UPDATE;
    RETURN false;
END $$;
