-- Pays a postpaid bill, or a part of it, from the wallet: a recharge without a plan, whose money is held and goes to the operator when that
-- has taken the payment (deliver_recharge), or back (fail_recharge). The operator's channels carry it whatever its `channel` is: only
-- the operator knows the bill.
--
-- `outcome` is 'done', 'replayed' or 'idempotency_key_reused' (`sale` is that recharge), 'operator_down', 'operator_channel_unavailable',
-- 'bill_payment_pending' if a payment of this bill is on its way, also another customer's, 'velocity_limit_exceeded' (`known` is what
-- hold_back returns), 'insufficient_balance'. A refusal changes nothing but the list of what was held back. `p_amount` in paise;
-- `p_bill` is the customer's own row of it, `p_bill_reference` the operator's name for it; p_bounds and p_session as of begin_recharge.
--
-- Locks: the line, then the wallet.
CREATE OR REPLACE FUNCTION pay_bill_from_wallet(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_operator text, p_circle text, p_bill uuid,
    p_bill_reference text, p_amount bigint, p_source text, p_context jsonb, p_pinned timestamptz, p_bounds bigint[],
    p_session uuid, OUT outcome text, OUT known text, OUT sale recharges
) LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean;
    v_at timestamptz;
    v_operator record;
    v_held_back jsonb;
    v_wallet record;
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
    v_wallet := wallet_transfer(
        p_user, new_uuid7(), 'user:main', 'user:held', p_amount, ledger_code('hold'), p_id::text, p_id, p_phone, 'postpaid',
        p_source, 'wallet', NULL, v_at, p_operator);
    IF v_wallet.posted_after IS NULL THEN
        outcome := 'insufficient_balance';
        RETURN;
    END IF;
    INSERT INTO recharges (
        user_id, id, idempotency_key, request_hash, phone_number, plan_version, plan_name, operator, plan_type, category,
        price, discount, wallet_amount, gateway_amount, status, sold_status, payment_method, source, activation_mode,
        balance_after, cashback, created_at, circle, bill_id)
    VALUES (
        p_user, p_id, p_key, p_hash, p_phone, 0, 'Postpaid bill', p_operator, 'postpaid', 'bill',
        p_amount, 0, p_amount, 0, 'processing', 'processing', 'wallet', p_source, 'queue',
        v_wallet.posted_after - v_wallet.held_after, 0, v_at, p_circle, p_bill)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING RETURNING * INTO sale;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the idempotency key was taken by another sale' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO bill_payments (phone_number, recharge_id, user_id, operator, bill_reference, amount, status, created_at)
    VALUES (p_phone, p_id, p_user, p_operator, p_bill_reference, p_amount, 'pending', v_at);
    PERFORM queue_bill_payment(
        p_user, p_id, p_phone, p_operator, p_bill_reference, p_amount, v_at, p_context ->> 'traceparent');
    PERFORM announce_recharge(
        'RechargeAccepted', sale, jsonb_build_object('held_paise', p_amount), p_context);
    outcome := 'done';
END $$;
