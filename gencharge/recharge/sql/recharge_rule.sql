-- Which velocity rule a recharge at p_at would break: 'recharges_in_10_minutes', 'recharges_in_a_day', 'recharge_sum_in_a_day',
-- 'recharge_sum_while_cautious', 'numbers_in_a_day', 'recharges_of_number_in_a_day', 'payers_of_number_in_a_day'; NULL: none.
-- `p_bounds` is in the order of VelocityRule; NULL: no such rule. Amounts in paise.
--
-- It counts what was sold, so a replay counts nothing and a recharge that fails is given back. What was sold exactly a window ago
-- counts no more. Locks the customer's wallet, so that what it counted holds to the end of the transaction; the caller holds
-- the number's line.
CREATE OR REPLACE FUNCTION recharge_rule(
    p_user uuid, p_phone text, p_price bigint, p_bounds bigint[], p_at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_minutes timestamptz := p_at - interval '10 minutes';
    v_day timestamptz := p_at - interval '24 hours';
    v_recent bigint;
    v_count bigint;
    v_sum bigint;
    v_different bigint;
    v_is_among boolean;
BEGIN
    PERFORM FROM wallets WHERE user_id = p_user FOR NO KEY UPDATE;
    SELECT count(*) FILTER (WHERE created_at > v_minutes), count(*), coalesce(sum(price), 0) INTO v_recent, v_count, v_sum
    FROM recharges WHERE user_id = p_user AND created_at > v_day AND status <> 'failed';
    IF v_recent >= p_bounds[1] THEN
        RETURN 'recharges_in_10_minutes';
    ELSIF v_count >= p_bounds[2] THEN
        RETURN 'recharges_in_a_day';
    ELSIF v_sum + p_price > p_bounds[3] THEN
        RETURN 'recharge_sum_in_a_day';
    ELSIF v_sum + p_price > p_bounds[9] AND caution_until(p_user, p_at) IS NOT NULL THEN
        RETURN 'recharge_sum_while_cautious';
    END IF;
    IF v_count >= p_bounds[4] THEN
        SELECT count(DISTINCT phone_number), bool_or(phone_number = p_phone) INTO v_different, v_is_among
        FROM recharges WHERE user_id = p_user AND created_at > v_day AND status <> 'failed';
        IF v_different >= p_bounds[4] AND NOT v_is_among THEN
            RETURN 'numbers_in_a_day';
        END IF;
    END IF;

    SELECT count(*) INTO v_count
    FROM active_plans WHERE phone_number = p_phone AND created_at > v_day AND status <> 'cancelled';
    IF v_count >= p_bounds[5] THEN
        RETURN 'recharges_of_number_in_a_day';
    ELSIF v_count >= p_bounds[6] THEN
        SELECT count(DISTINCT user_id), bool_or(user_id = p_user) INTO v_different, v_is_among
        FROM active_plans WHERE phone_number = p_phone AND created_at > v_day AND status <> 'cancelled';
        IF v_different >= p_bounds[6] AND NOT v_is_among THEN
            RETURN 'payers_of_number_in_a_day';
        END IF;
    END IF;
    RETURN NULL;
END $$;
