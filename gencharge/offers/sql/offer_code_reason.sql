-- Why a customer can't use a one-time code for an offer: 'code_not_yours', 'code_used'; NULL if nothing is against it. Locks the code to
-- the end of the transaction: of several sales with one code the first gets it.
CREATE OR REPLACE FUNCTION offer_code_reason(p_code text, p_offer uuid, p_user uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_code record;
BEGIN
    SELECT c.bound_to, c.recharge_id INTO v_code FROM offer_codes AS c
    WHERE c.code = p_code AND c.offer_id = p_offer FOR NO KEY UPDATE;
    IF NOT FOUND OR v_code.bound_to <> p_user THEN
        RETURN 'code_not_yours';
    ELSIF v_code.recharge_id IS NOT NULL THEN
        RETURN 'code_used';
    END IF;
    RETURN NULL;
END $$;
