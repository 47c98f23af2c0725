-- Until when a customer may spend less, because a new device signed in or the number changed; NULL: not at p_at. Who has just signed up
-- may spend as much as anybody. Takes no lock.
CREATE OR REPLACE FUNCTION caution_until(p_user uuid, p_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_ends_at timestamptz;
BEGIN
    SELECT ends_at INTO v_ends_at FROM velocity_cautions
    WHERE user_id = p_user AND ends_at > p_at AND reason <> 'new_account';
    RETURN v_ends_at;
END $$;
