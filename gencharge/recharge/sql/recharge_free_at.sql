-- From when a recharge that `p_rule` refuses would pass it, as far as is known at p_at: as soon as enough of what counts is a window
-- old. NULL: never, because its price alone is above the bound. For a rule about a number it is rounded up to the hour: when
-- others recharged it is theirs to know. Takes no lock.
CREATE OR REPLACE FUNCTION recharge_free_at(
    p_rule text, p_user uuid, p_phone text, p_price bigint, p_bound bigint, p_at timestamptz
) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_day timestamptz := p_at - interval '24 hours';
    v_last timestamptz;
BEGIN
    IF p_rule IN ('recharges_in_10_minutes', 'recharges_in_a_day') THEN
        SELECT created_at INTO v_last FROM recharges
        WHERE user_id = p_user AND created_at > v_day AND status <> 'failed'
        ORDER BY created_at DESC OFFSET p_bound - 1 LIMIT 1;
    ELSIF p_rule = 'recharge_sum_in_a_day' THEN
        IF p_price > p_bound THEN
            RETURN NULL;
        END IF;
        -- The newest one that doesn't fit beside those after it and the new one.
        SELECT s.created_at INTO v_last FROM (
            SELECT created_at, sum(price) OVER (ORDER BY created_at DESC, id DESC) AS total FROM recharges
            WHERE user_id = p_user AND created_at > v_day AND status <> 'failed') AS s
        WHERE s.total + p_price > p_bound ORDER BY s.created_at DESC LIMIT 1;
    ELSIF p_rule = 'numbers_in_a_day' THEN
        SELECT max(created_at) AS used_at INTO v_last FROM recharges
        WHERE user_id = p_user AND created_at > v_day AND status <> 'failed'
        GROUP BY phone_number ORDER BY used_at DESC OFFSET p_bound - 1 LIMIT 1;
    ELSIF p_rule = 'recharges_of_number_in_a_day' THEN
        SELECT created_at INTO v_last FROM active_plans
        WHERE phone_number = p_phone AND created_at > v_day AND status <> 'cancelled'
        ORDER BY created_at DESC OFFSET p_bound - 1 LIMIT 1;
    ELSE
        SELECT max(created_at) AS used_at INTO v_last FROM active_plans
        WHERE phone_number = p_phone AND created_at > v_day AND status <> 'cancelled'
        GROUP BY user_id ORDER BY used_at DESC OFFSET p_bound - 1 LIMIT 1;
    END IF;
    IF p_rule = 'recharges_in_10_minutes' THEN
        RETURN v_last + interval '10 minutes';
    ELSIF p_rule IN ('recharges_of_number_in_a_day', 'payers_of_number_in_a_day') THEN
        RETURN date_trunc('hour', v_last) + interval '25 hours';
    END IF;
    RETURN v_last + interval '24 hours';
END $$;
