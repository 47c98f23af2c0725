-- Recharging a number whose operator is reached over its API. The rules stay in one place, `recharge_terms`; what is
-- new is that a recharge may be placed (paid for, its plan waiting on the number) before it is delivered.
--
-- The states of a recharge:  payment_pending -> processing -> delivered -> refunded
--                                        \-> failed  <-/  \-> unknown -> delivered | failed
-- A customer's money for it is in user:held from the moment when it is there until the recharge is delivered or failed.

-- The columns that it returns change, so it is made anew: the channel is one more.
DROP FUNCTION recharge_terms(uuid, text, uuid, text, boolean, boolean, integer, timestamptz);
CREATE FUNCTION recharge_terms(
    p_user uuid, p_phone text, p_plan uuid, p_hint text, p_replace boolean, p_confirmed boolean,
    p_window_seconds integer, p_now timestamptz
) RETURNS TABLE (outcome text, known text, plan plans, running active_plans, status text,
                 valid_from timestamptz, valid_until timestamptz, channel text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v record;
BEGIN
    SELECT p AS sold, a AS base, o.status, o.is_active, o.channel, c.operator, c.circle, c.service_type
    INTO v
    FROM plans AS p
    LEFT JOIN operators AS o ON o.code = p.operator
    LEFT JOIN active_plans AS a ON a.phone_number = p_phone AND a.status = 'active' AND NOT a.is_addon
    LEFT JOIN LATERAL known_connection(p_phone, p_user) AS c ON true
    WHERE p.plan_id = p_plan;
    plan := v.sold;
    running := v.base;
    channel := v.channel;

    IF plan.plan_id IS NULL THEN
        outcome := 'plan_not_found';
    ELSIF plan.status <> 'active' OR plan.active_from > p_now OR plan.active_until <= p_now THEN
        outcome := 'plan_inactive';
    ELSIF coalesce(v.operator, p_hint) <> plan.operator THEN
        outcome := 'operator_mismatch';
        known := coalesce(v.operator, p_hint);
    ELSIF v.service_type <> plan.plan_type THEN
        outcome := 'service_type_mismatch';
        known := v.service_type;
    ELSIF cardinality(plan.circles) > 0 AND NOT coalesce(v.circle = ANY (plan.circles), false) THEN
        outcome := 'circle_mismatch';
        known := v.circle;
    ELSIF v.status = 'down' OR NOT v.is_active THEN
        outcome := 'operator_down';
    ELSIF v.channel <> 'internal' AND NOT EXISTS (
        SELECT FROM operator_channels AS o
        WHERE o.operator = plan.operator AND o.is_active AND plan.price_paise BETWEEN o.min_amount AND o.max_amount
    ) THEN
        outcome := 'operator_channel_unavailable';
    ELSIF plan.validity_unit = 'base_plan' AND running.recharge_id IS NULL THEN
        outcome := 'base_plan_required';
    ELSIF NOT p_confirmed AND EXISTS (
        SELECT FROM active_plans
        WHERE active_plans.phone_number = p_phone AND active_plans.plan_id = p_plan
          AND active_plans.created_at > p_now - make_interval(secs => p_window_seconds)
          AND active_plans.status <> 'cancelled'
    ) THEN
        outcome := 'duplicate_recharge';
    END IF;

    IF NOT plan.is_addon AND running.recharge_id IS NOT NULL AND NOT p_replace THEN
        status := 'queued';
    ELSE
        status := 'active';
        valid_from := p_now;
        valid_until := CASE plan.validity_unit WHEN 'base_plan' THEN running.valid_until
                       ELSE validity_end(p_now, plan.validity_count, plan.validity_unit) END;
    END IF;
    RETURN NEXT;
END $$;

-- Writes a recharge down whose plan can't start yet: the recharge, and its plan as 'pending' on the number. The caller
-- holds the line's lock and has moved the money. Undone as a whole where the key was taken meanwhile for another number.
CREATE FUNCTION place_recharge(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan plans, p_status text, p_method text,
    p_source text, p_replace boolean, p_wallet_amount bigint, p_gateway_amount bigint, p_payment uuid,
    p_balance bigint, p_now timestamptz
) RETURNS recharges LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
BEGIN
    INSERT INTO recharges (
        user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
        operator, plan_type, category, price, discount, wallet_amount, gateway_amount,
        status, sold_status, payment_method, source, activation_mode, balance_after, payment_id, created_at)
    VALUES (
        p_user, p_id, p_key, p_hash, p_phone, p_plan.plan_id, p_plan.version, p_plan.name,
        p_plan.operator, p_plan.plan_type, p_plan.category, p_plan.price_paise, 0, p_wallet_amount, p_gateway_amount,
        p_status, p_status, p_method, p_source, CASE WHEN p_replace THEN 'activate' ELSE 'queue' END,
        p_balance, p_payment, p_now)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING
    RETURNING * INTO v_sale;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'idempotency key taken meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO active_plans (
        phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator, plan_type,
        category, is_addon, status, validity_count, validity_unit, created_at)
    VALUES (
        p_phone, p_id, p_user, p_plan.plan_id, p_plan.version, p_plan.name, p_plan.operator, p_plan.plan_type,
        p_plan.category, p_plan.is_addon, 'pending', p_plan.validity_count, p_plan.validity_unit, p_now);
    RETURN v_sale;
END $$;

-- Announces something about a recharge: `p_more` is added to what every such event says.
CREATE FUNCTION announce_recharge(p_topic text, p_sale recharges, p_more jsonb, p_context jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_sale.user_id, new_uuid7(), p_topic, jsonb_build_object(
        'user_id', p_sale.user_id, 'recharge_id', p_sale.id, 'phone_number', p_sale.phone_number,
        'plan_name', p_sale.plan_name, 'operator', p_sale.operator) || p_more, p_context)
$$;

-- Hands a paid recharge to the operator's queue: the row that the dispatcher finds. Nothing is sent here.
CREATE FUNCTION queue_fulfilment(p_sale recharges, p_now timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO fulfilments (user_id, recharge_id, phone_number, operator, plan_id, amount, state,
                             next_attempt_at, created_at)
    VALUES (p_sale.user_id, p_sale.id, p_sale.phone_number, p_sale.operator, p_sale.plan_id,
            p_sale.price, 'due', p_now, p_now)
$$;

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
        PERFORM queue_fulfilment(sale, v_now);
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

-- A recharge that a gateway pays, wholly or beside the wallet: the wallet's part is held, the recharge waits for the
-- payment. The gateway's order exists already (its payment row is p_payment), nothing is sent here.
CREATE FUNCTION recharge_with_payment(
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
