-- Places the payment of a postpaid bill, or of a part of it, that a gateway collects: a recharge without a plan that waits for its
-- payment. The gateway's order exists already (its payment row is p_payment). Nothing is held and nobody's bill is blocked until
-- the money has come; pay_recharge then hands it to the operator, or the money goes to the wallet.
--
-- `outcome` is 'done', 'replayed' or 'idempotency_key_reused' (`sale` is that recharge), 'operator_down', 'operator_channel_unavailable',
-- 'bill_payment_pending' if a paid payment of this bill is on its way, also another customer's, 'velocity_limit_exceeded' (`known` is what
-- hold_back returns). p_method is how the customer pays; the other parameters are those of pay_bill_from_wallet. A refusal changes
-- nothing but the list of what was held back.
--
-- Locks: the line.
CREATE OR REPLACE FUNCTION pay_bill_by_gateway(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_operator text, p_circle text, p_bill uuid,
    p_bill_reference text, p_amount bigint, p_source text, p_method text, p_payment uuid, p_context jsonb,
    p_pinned timestamptz, p_bounds bigint[], p_session uuid, OUT outcome text, OUT known text, OUT sale recharges
) LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean;
    v_at timestamptz;
    v_operator record;
    v_held_back jsonb;
    v_balance bigint;
BEGIN
    v_is_new := lock_line(p_phone);
    SELECT r.* INTO sale FROM recharges AS r WHERE r.user_id = p_user AND r.idempotency_key = p_key;
    IF FOUND THEN
        outcome := CASE WHEN sale.request_hash = p_hash THEN 'replayed' ELSE 'idempotency_key_reused' END;
        RETURN;
    END IF;
    v_at := coalesce(p_pinned, clock_timestamp());
    SELECT o.status = 'down' OR coalesce(v_at >= o.maintenance_from AND v_at < o.maintenance_until, false) AS is_down,
        o.is_active, EXISTS (
        SELECT FROM operator_channels AS c
        WHERE c.operator = o.code AND c.is_active AND p_amount BETWEEN c.min_amount AND c.max_amount) AS is_reachable
    INTO v_operator FROM operators AS o WHERE o.code = p_operator;
    IF v_operator.is_down OR NOT v_operator.is_active THEN
        outcome := 'operator_down';
    ELSIF NOT v_operator.is_reachable THEN
        outcome := 'operator_channel_unavailable';
    ELSIF EXISTS (
        SELECT FROM bill_payments AS b WHERE b.phone_number = p_phone AND b.operator = p_operator
        AND b.bill_reference = p_bill_reference AND b.status = 'pending')
    THEN
        outcome := 'bill_payment_pending';
    ELSIF p_bounds IS NOT NULL THEN
        v_held_back := hold_recharge_back(p_user, p_phone, p_amount, p_bounds, p_session, p_context, v_at);
        IF v_held_back IS NOT NULL THEN
            outcome := 'velocity_limit_exceeded';
            known := v_held_back::text;
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT posted - held INTO v_balance FROM wallets WHERE user_id = p_user;
    INSERT INTO recharges (
        user_id, id, idempotency_key, request_hash, phone_number, plan_version, plan_name, operator, plan_type, category,
        price, discount, wallet_amount, gateway_amount, status, sold_status, payment_method, source, activation_mode,
        balance_after, cashback, created_at, circle, bill_id, payment_id)
    VALUES (
        p_user, p_id, p_key, p_hash, p_phone, 0, 'Postpaid bill', p_operator, 'postpaid', 'bill',
        p_amount, 0, 0, p_amount, 'payment_pending', 'payment_pending', p_method, p_source, 'queue',
        coalesce(v_balance, 0), 0, v_at, p_circle, p_bill, p_payment)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING RETURNING * INTO sale;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the idempotency key was taken by another sale' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO bill_payments (phone_number, recharge_id, user_id, operator, bill_reference, amount, status, created_at)
    VALUES (p_phone, p_id, p_user, p_operator, p_bill_reference, p_amount, 'unpaid', v_at);
    PERFORM announce_recharge('RechargePlaced', sale, jsonb_build_object(
        'payment_id', p_payment, 'gateway_paise', p_amount, 'wallet_paise', 0), p_context);
    outcome := 'done';
END $$;
