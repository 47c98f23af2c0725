-- What is to be said about a recharge that breaks a velocity rule, as hold_back returns it, once that is written down; NULL if none is
-- broken, or an allowance of the staff covers it. `p_bounds` in the order of VelocityRule; amounts in paise. Locks the
-- customer's wallet, then the address for those whom hold_payer_back counts; the caller holds the number's line.
CREATE OR REPLACE FUNCTION hold_recharge_back(
    p_user uuid, p_phone text, p_price bigint, p_bounds bigint[], p_session uuid, p_context jsonb, p_at timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_bounds bigint[] := p_bounds;
    v_rule text;
    v_bound bigint;
    v_subject text := '';
    v_free_at timestamptz;
BEGIN
    v_rule := recharge_rule(p_user, p_phone, p_price, v_bounds, p_at);
    IF v_rule IS NOT NULL THEN
        v_bounds := velocity_bounds(p_bounds, p_user, p_phone, p_at);
        IF v_bounds IS DISTINCT FROM p_bounds THEN
            v_rule := recharge_rule(p_user, p_phone, p_price, v_bounds, p_at);
        END IF;
    END IF;
    IF v_rule IS NULL THEN
        RETURN hold_payer_back(p_user, 'recharge', p_price, p_phone, p_session, p_bounds, p_context, p_at);
    END IF;
    v_bound := v_bounds[CASE v_rule
        WHEN 'recharges_in_10_minutes' THEN 1 WHEN 'recharges_in_a_day' THEN 2 WHEN 'recharge_sum_in_a_day' THEN 3
        WHEN 'numbers_in_a_day' THEN 4 WHEN 'recharges_of_number_in_a_day' THEN 5 WHEN 'payers_of_number_in_a_day' THEN 6
        ELSE 9 END];
    v_free_at := CASE WHEN v_rule = 'recharge_sum_while_cautious' THEN caution_until(p_user, p_at)
        ELSE recharge_free_at(v_rule, p_user, p_phone, p_price, v_bound, p_at) END;
    IF v_rule IN ('recharges_of_number_in_a_day', 'payers_of_number_in_a_day') THEN
        v_subject := p_phone;
    END IF;
    RETURN hold_back(
        p_user, v_rule, 'recharge', v_subject, p_price, p_phone, p_session, v_bound, v_free_at, p_context, p_at);
END $$;
