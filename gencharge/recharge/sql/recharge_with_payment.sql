-- A recharge that a gateway pays, wholly or beside the wallet: the wallet's part is held, the recharge waits for the
-- payment. The gateway's order exists already (its payment row is p_payment), nothing is sent here.
CREATE OR REPLACE FUNCTION recharge_with_payment(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan uuid, p_hint text, p_source text,
    p_replace boolean, p_confirmed boolean, p_window_seconds integer, p_method text, p_wallet_amount bigint,
    p_gateway_amount bigint, p_payment uuid, p_context jsonb, p_pinned timestamptz
) RETURNS TABLE (outcome text, known text, sale recharges)
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
    v_terms record;
    v_plan plans;
    v_wallet record;
    v_balance bigint;
BEGIN
    PERFORM lock_line(p_phone);
    SELECT * INTO sale FROM recharges WHERE user_id = p_user AND idempotency_key = p_key;
    IF FOUND THEN
        outcome := CASE WHEN sale.request_hash = p_hash THEN 'replayed' ELSE 'idempotency_key_reused' END;
        RETURN NEXT;
        RETURN;
    END IF;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF EXISTS (SELECT FROM active_plans WHERE phone_number = p_phone AND status = 'active' AND valid_until <= v_now) THEN
        PERFORM advance_line(p_phone, v_now, p_context);
    END IF;
    SELECT * INTO v_terms FROM recharge_terms(
        p_user, p_phone, p_plan, p_hint, p_replace, p_confirmed, p_window_seconds, v_now);
    v_plan := v_terms.plan;
    outcome := v_terms.outcome;
    known := v_terms.known;
    IF outcome IS NULL AND v_plan.price_paise <> p_wallet_amount + p_gateway_amount THEN
        outcome := 'price_changed';
    END IF;
    IF outcome IS NULL AND p_wallet_amount > 0 THEN
        SELECT * INTO v_wallet FROM wallet_transfer(
            p_user, new_uuid7(), 'user:main', 'user:held', p_wallet_amount, 5::smallint,
            p_id::text, p_id, p_phone, v_plan.plan_type, p_source, 'wallet', NULL, v_now, v_plan.operator);
        IF NOT FOUND THEN
            outcome := 'insufficient_balance';
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT posted - held INTO v_balance FROM wallets WHERE user_id = p_user;
    sale := place_recharge(
        p_user, p_id, p_key, p_hash, p_phone, v_plan, 'payment_pending', p_method, p_source, p_replace,
        p_wallet_amount, p_gateway_amount, p_payment, coalesce(v_balance, 0), v_now);
    PERFORM announce_recharge('RechargePlaced', sale, jsonb_build_object(
        'payment_id', p_payment, 'gateway_paise', p_gateway_amount, 'wallet_paise', p_wallet_amount), p_context);
    outcome := 'done';
    RETURN NEXT;
END $$;
