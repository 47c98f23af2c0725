-- As in 0004, with a second end: where the operator is reached over its API, the money is held, the recharge placed
-- and queued for the dispatcher, all in the same transaction.
CREATE OR REPLACE FUNCTION recharge_from_wallet(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan uuid, p_hint text, p_source text,
    p_replace boolean, p_confirmed boolean, p_window_seconds integer, p_transfer uuid, p_event uuid, p_context jsonb,
    p_pinned timestamptz
) RETURNS TABLE (outcome text, known text, sale recharges)
LANGUAGE plpgsql AS $$
DECLARE
    v_now timestamptz;
    v_terms record;
    v_plan plans;
    v_wallet record;
    v_replaced active_plans;
    v_at_once boolean;
BEGIN
    PERFORM lock_line(p_phone);
    SELECT * INTO sale FROM recharges WHERE user_id = p_user AND idempotency_key = p_key;
    IF FOUND THEN
        outcome := CASE WHEN sale.request_hash = p_hash THEN 'replayed' ELSE 'idempotency_key_reused' END;
        RETURN NEXT;
        RETURN;
    END IF;

    -- After the wait for the lock: an instant from before it could lie before the plan that was just bought.
    v_now := coalesce(p_pinned, clock_timestamp());
    IF EXISTS (SELECT FROM active_plans WHERE phone_number = p_phone AND status = 'active' AND valid_until <= v_now) THEN
        PERFORM advance_line(p_phone, v_now, p_context);
    END IF;
    SELECT * INTO v_terms FROM recharge_terms(
        p_user, p_phone, p_plan, p_hint, p_replace, p_confirmed, p_window_seconds, v_now);
    v_plan := v_terms.plan;
    outcome := v_terms.outcome;
    known := v_terms.known;
    IF outcome IS NULL THEN
        v_at_once := v_terms.channel = 'internal';
        SELECT * INTO v_wallet FROM wallet_transfer(
            p_user, p_transfer, 'user:main',
            CASE WHEN v_at_once THEN 'operator:' || lower(v_plan.operator) ELSE 'user:held' END,
            v_plan.price_paise, CASE WHEN v_at_once THEN 3 ELSE 5 END::smallint,
            p_id::text, p_id, p_phone, v_plan.plan_type, p_source, 'wallet', NULL, v_now, v_plan.operator);
        IF NOT FOUND THEN
            outcome := 'insufficient_balance';
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;

    IF NOT v_at_once THEN
        sale := place_recharge(
            p_user, p_id, p_key, p_hash, p_phone, v_plan, 'processing', 'wallet', p_source, p_replace,
            v_plan.price_paise, 0, NULL, v_wallet.posted_after - v_wallet.held_after, v_now);
        PERFORM queue_fulfilment(
        sale.user_id, sale.id, sale.phone_number, sale.operator, sale.plan_id, sale.price, v_now);
        PERFORM announce_recharge('RechargeAccepted', sale, jsonb_build_object('held_paise', v_plan.price_paise), p_context);
        outcome := 'done';
        RETURN NEXT;
        RETURN;
    END IF;

    IF v_terms.status = 'active' AND NOT v_plan.is_addon AND (v_terms.running).recharge_id IS NOT NULL THEN
        UPDATE active_plans SET status = 'replaced', ended_at = v_now
        WHERE phone_number = p_phone AND recharge_id = (v_terms.running).recharge_id
        RETURNING * INTO v_replaced;
    END IF;

    WITH sold AS (
        INSERT INTO recharges (
            user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
            operator, plan_type, category, price, discount, wallet_amount, gateway_amount,
            status, sold_status, payment_method, source, activation_mode, sold_valid_from, sold_valid_until,
            replaced_plan_name, replaced_valid_until, balance_after, created_at, completed_at)
        VALUES (
            p_user, p_id, p_key, p_hash, p_phone, p_plan, v_plan.version, v_plan.name,
            v_plan.operator, v_plan.plan_type, v_plan.category, v_plan.price_paise, 0, v_plan.price_paise, 0,
            'delivered', v_terms.status, 'wallet', p_source, CASE WHEN p_replace THEN 'activate' ELSE 'queue' END,
            v_terms.valid_from, v_terms.valid_until, v_replaced.plan_name, v_replaced.valid_until,
            v_wallet.posted_after - v_wallet.held_after, v_now, v_now)
        ON CONFLICT (user_id, idempotency_key) DO NOTHING
        RETURNING *
    ), started AS (
        INSERT INTO active_plans (
            phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator, plan_type,
            category, is_addon, status, validity_count, validity_unit, valid_from, valid_until, created_at)
        VALUES (
            p_phone, p_id, p_user, p_plan, v_plan.version, v_plan.name, v_plan.operator, v_plan.plan_type,
            v_plan.category, v_plan.is_addon, v_terms.status, v_plan.validity_count, v_plan.validity_unit,
            v_terms.valid_from, v_terms.valid_until, v_now)
    ), told AS (
        INSERT INTO events (user_id, id, topic, payload, context) VALUES (
            p_user, p_event, 'PlanRecharged', jsonb_build_object(
                'user_id', p_user, 'recharge_id', p_id, 'phone_number', p_phone, 'plan_id', p_plan,
                'plan_name', v_plan.name, 'operator', v_plan.operator, 'status', v_terms.status,
                'total_paid_paise', v_plan.price_paise, 'payment_method', 'wallet', 'source', p_source,
                'valid_from', v_terms.valid_from, 'valid_until', v_terms.valid_until),
            p_context)
    )
    SELECT * INTO sale FROM sold;
    IF NOT FOUND THEN
        -- The same key won meanwhile for another number. All of this is undone; the next attempt finds that row.
        RAISE EXCEPTION 'idempotency key taken meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    outcome := 'done';
    RETURN NEXT;
END $$;
