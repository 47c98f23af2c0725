-- What is to be said about a top-up that breaks a velocity rule ('topups_in_an_hour', 'topup_sum_in_a_day', and that of
-- hold_payer_back), as hold_back returns it, once that is written down; NULL if none is broken, an allowance covers it, or its
-- idempotency key was used before. `p_bounds` in the order of VelocityRule; amounts in paise.
--
-- It counts top-ups that were begun and have not failed; one begun exactly a window ago counts no more. Locks the customer's
-- wallet, so that what it counted holds to the end of the transaction, then the address for those whom hold_payer_back counts.
CREATE OR REPLACE FUNCTION hold_topup_back(
    p_user uuid, p_key text, p_amount bigint, p_bounds bigint[], p_session uuid, p_context jsonb, p_at timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_bounds bigint[];
    v_hour timestamptz := p_at - interval '1 hour';
    v_day timestamptz := p_at - interval '24 hours';
    v_count bigint;
    v_sum bigint;
    v_last timestamptz;
    v_free_at timestamptz;
BEGIN
    PERFORM FROM wallets WHERE user_id = p_user FOR NO KEY UPDATE;
    PERFORM FROM payments WHERE user_id = p_user AND idempotency_key = p_key;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    v_bounds := velocity_bounds(p_bounds, p_user, NULL, p_at);
    SELECT count(*) FILTER (WHERE created_at > v_hour), coalesce(sum(amount), 0) INTO v_count, v_sum
    FROM payments WHERE user_id = p_user AND purpose = 'topup' AND created_at > v_day AND status <> 'failed';
    IF v_count >= v_bounds[7] THEN
        SELECT created_at INTO v_last FROM payments
        WHERE user_id = p_user AND purpose = 'topup' AND created_at > v_hour AND status <> 'failed'
        ORDER BY created_at DESC OFFSET v_bounds[7] - 1 LIMIT 1;
        v_free_at := v_last + interval '1 hour';
        RETURN hold_back(
            p_user, 'topups_in_an_hour', 'topup', '', p_amount, NULL, p_session, v_bounds[7], v_free_at, p_context, p_at);
    ELSIF v_sum + p_amount > v_bounds[8] THEN
        IF p_amount <= v_bounds[8] THEN
            SELECT s.created_at INTO v_last FROM (
                SELECT created_at, sum(amount) OVER (ORDER BY created_at DESC, payment_id DESC) AS total FROM payments
                WHERE user_id = p_user AND purpose = 'topup' AND created_at > v_day AND status <> 'failed') AS s
            WHERE s.total + p_amount > v_bounds[8] ORDER BY s.created_at DESC LIMIT 1;
            v_free_at := v_last + interval '24 hours';
        END IF;
        RETURN hold_back(
            p_user, 'topup_sum_in_a_day', 'topup', '', p_amount, NULL, p_session, v_bounds[8], v_free_at, p_context, p_at);
    END IF;
    RETURN hold_payer_back(p_user, 'topup', p_amount, NULL, p_session, p_bounds, p_context, p_at);
END $$;
