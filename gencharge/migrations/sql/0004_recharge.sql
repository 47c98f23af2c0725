-- When a plan's validity ends: days of 24 hours, or the same time on the same date of a later month in India (the last
-- day where that month is shorter: PostgreSQL's own rule for adding months).
CREATE FUNCTION validity_end(p_from timestamptz, p_count integer, p_unit text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE p_unit
        WHEN 'day' THEN p_from + make_interval(hours => 24 * p_count)
        WHEN 'month' THEN ((p_from AT TIME ZONE 'Asia/Kolkata') + make_interval(months => p_count)) AT TIME ZONE 'Asia/Kolkata'
    END
$$;

-- Takes a number's lock: whoever changes its plans holds the row of `lines` to the end of the transaction.
CREATE FUNCTION lock_line(p_phone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM lines WHERE phone_number = p_phone FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO lines (phone_number) VALUES (p_phone) ON CONFLICT DO NOTHING;
        PERFORM FROM lines WHERE phone_number = p_phone FOR UPDATE;
    END IF;
END $$;

-- Brings a number's plans to the instant p_now: what ended expires, the earliest queued base plan starts at the instant
-- when the one before it ended, however late this runs. The caller holds the line's lock. Returns how many rows changed.
CREATE FUNCTION advance_line(p_phone text, p_now timestamptz, p_context jsonb) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_ended active_plans;
    v_next active_plans;
    v_start timestamptz;
    v_changed integer := 0;
BEGIN
    FOR v_ended IN
        UPDATE active_plans SET status = 'expired', ended_at = valid_until
        WHERE phone_number = p_phone AND status = 'active' AND is_addon AND valid_until <= p_now
        RETURNING *
    LOOP
        PERFORM announce_plan('PlanExpired', v_ended, p_context);
        v_changed := v_changed + 1;
    END LOOP;

    LOOP
        v_start := NULL;
        UPDATE active_plans SET status = 'expired', ended_at = valid_until
        WHERE phone_number = p_phone AND status = 'active' AND NOT is_addon AND valid_until <= p_now
        RETURNING * INTO v_ended;
        IF FOUND THEN
            v_start := v_ended.valid_until;
            PERFORM announce_plan('PlanExpired', v_ended, p_context);
            v_changed := v_changed + 1;
        ELSIF EXISTS (SELECT FROM active_plans WHERE phone_number = p_phone AND status = 'active' AND NOT is_addon) THEN
            RETURN v_changed;
        END IF;

        SELECT * INTO v_next FROM active_plans
        WHERE phone_number = p_phone AND status = 'queued' ORDER BY created_at, recharge_id LIMIT 1;
        IF NOT FOUND THEN
            RETURN v_changed;
        END IF;
        v_start := coalesce(v_start, p_now);
        UPDATE active_plans SET status = 'active', valid_from = v_start,
                                valid_until = validity_end(v_start, validity_count, validity_unit)
        WHERE phone_number = p_phone AND recharge_id = v_next.recharge_id
        RETURNING * INTO v_next;
        PERFORM announce_plan('PlanActivated', v_next, p_context);
        v_changed := v_changed + 1;
    END LOOP;
END $$;

-- UUIDv7 (RFC 9562) on any supported version of PostgreSQL: 48 bits of milliseconds over a random UUIDv4.
CREATE FUNCTION new_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

CREATE FUNCTION announce_plan(p_topic text, p_plan active_plans, p_context jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_plan.user_id, new_uuid7(), p_topic, jsonb_build_object(
        'user_id', p_plan.user_id, 'recharge_id', p_plan.recharge_id, 'phone_number', p_plan.phone_number,
        'plan_name', p_plan.plan_name, 'valid_until', p_plan.valid_until), p_context)
$$;

-- What recharging a number with a plan would mean at p_now, or why it can't be: the rules of every recharge and of every
-- quote, in one place. Reads only. `outcome` is NULL where nothing stands against it; `known` says what is known of the
-- number where the reason is a mismatch. The caller has brought the line to p_now.
CREATE FUNCTION recharge_terms(
    p_user uuid, p_phone text, p_plan uuid, p_hint text, p_replace boolean, p_confirmed boolean,
    p_window_seconds integer, p_now timestamptz
) RETURNS TABLE (outcome text, known text, plan plans, running active_plans, status text,
                 valid_from timestamptz, valid_until timestamptz)
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
    ELSIF v.channel <> 'internal' THEN
        outcome := 'operator_channel_unavailable';
    ELSIF plan.validity_unit = 'base_plan' AND running.recharge_id IS NULL THEN
        outcome := 'base_plan_required';
    ELSIF NOT p_confirmed AND EXISTS (
        SELECT FROM active_plans
        WHERE active_plans.phone_number = p_phone AND active_plans.plan_id = p_plan
          AND active_plans.created_at > p_now - make_interval(secs => p_window_seconds)
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

-- A recharge paid from the wallet and delivered at once, in one round trip and one transaction: replay or mismatch of
-- the idempotency key, the rules, the money, the recharge, the plan that starts or queues, and the event.
--
-- Locks, in the order that every writer keeps: the line, its plans, the wallet. Rules come before the first write, so a
-- refusal changes nothing. `outcome` is 'done', 'replayed', or the reason of a refusal.
CREATE FUNCTION recharge_from_wallet(
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
        SELECT * INTO v_wallet FROM wallet_transfer(
            p_user, p_transfer, 'user:main', 'operator:' || lower(v_plan.operator), v_plan.price_paise, 3::smallint,
            p_id::text, p_id, p_phone, v_plan.plan_type, p_source, 'wallet', NULL, v_now);
        IF NOT FOUND THEN
            outcome := 'insufficient_balance';
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
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
