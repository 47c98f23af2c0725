-- The recharge, locked, after its number's line; NULLs if there is none. Locks the line, then the recharge.
CREATE OR REPLACE FUNCTION lock_recharge(p_user uuid, p_recharge uuid) RETURNS recharges LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
BEGIN
    SELECT * INTO v_sale FROM recharges WHERE user_id = p_user AND id = p_recharge;
    IF FOUND THEN
        PERFORM lock_line(v_sale.phone_number);
        SELECT * INTO v_sale FROM recharges WHERE user_id = p_user AND id = p_recharge FOR UPDATE;
    END IF;
    RETURN v_sale;
END $$;
