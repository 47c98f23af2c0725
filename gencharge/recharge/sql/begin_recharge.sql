-- The start of every sale: takes the number's lock, looks the idempotency key up, asks the rules, and if the base plan has
-- ended brings the line to now and asks once more. Writes nothing but what advance_line does, and what was held back.
--
-- p_expected_price is what the customer agreed to pay, in paise; NULL takes any price. p_bounds are those of the velocity
-- rules, in the order of VelocityRule; NULL: none. p_session is the sign-in that asks. p_stated as of recharge_terms.
--
--   outcome  'replayed' or 'idempotency_key_reused' for a key that was used before (`sale` is that recharge), an outcome
--            of recharge_terms, 'price_changed', 'velocity_limit_exceeded', or NULL: go on
--   known    as of recharge_terms; the present price in paise if the outcome is 'price_changed'; what hold_back returns if it
--            is 'velocity_limit_exceeded'
--   sale     the recharge to be: its key, its number, the plan's facts and price. The caller adds who pays and the states
--   plan     the plan to be, as of recharge_terms; running: the base plan that is active on the number
--   at       the instant of the sale
--
-- Locks the line and, with bounds, the customer's wallet, to the end of the transaction. Every writer locks in this order: line,
-- recharge, wallet.
CREATE OR REPLACE FUNCTION begin_recharge(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan uuid, p_hint text, p_source text,
    p_replace boolean, p_confirmed boolean, p_window_seconds integer, p_context jsonb, p_pinned timestamptz,
    p_expected_price bigint, p_bounds bigint[] DEFAULT NULL, p_session uuid DEFAULT NULL, p_stated jsonb DEFAULT NULL,
    OUT outcome text, OUT known text, OUT sale recharges, OUT plan active_plans, OUT running active_plans, OUT channel text,
    OUT at timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean;
    v_changed integer;
    v_terms record;
    v_held_back jsonb;
BEGIN
    v_is_new := lock_line(p_phone);
    SELECT r.* INTO sale FROM recharges AS r WHERE r.user_id = p_user AND r.idempotency_key = p_key;
    IF FOUND THEN
        outcome := CASE WHEN sale.request_hash = p_hash THEN 'replayed' ELSE 'idempotency_key_reused' END;
        RETURN;
    END IF;

    -- After the wait for the lock: an instant from before it could lie before the plan that was just bought.
    at := coalesce(p_pinned, clock_timestamp());
    v_terms := recharge_terms(p_user, p_phone, p_plan, p_hint, p_replace, p_confirmed, p_window_seconds, at, p_stated);
    IF (v_terms.running).valid_until <= at THEN
        v_changed := advance_line(p_phone, at, p_context);
        v_terms := recharge_terms(p_user, p_phone, p_plan, p_hint, p_replace, p_confirmed, p_window_seconds, at, p_stated);
    END IF;
    outcome := v_terms.outcome;
    known := v_terms.known;
    IF outcome IS NULL AND p_expected_price <> v_terms.price THEN
        outcome := 'price_changed';
        known := v_terms.price::text;
    END IF;
    IF outcome IS NULL AND p_bounds IS NOT NULL THEN
        v_held_back := hold_recharge_back(p_user, p_phone, v_terms.price, p_bounds, p_session, p_context, at);
        IF v_held_back IS NOT NULL THEN
            outcome := 'velocity_limit_exceeded';
            known := v_held_back::text;
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    plan := v_terms.plan;
    running := v_terms.running;
    channel := v_terms.channel;
    plan.recharge_id := p_id;
    plan.created_at := at;

    sale.user_id := p_user;
    sale.id := p_id;
    sale.idempotency_key := p_key;
    sale.request_hash := p_hash;
    sale.phone_number := p_phone;
    sale.plan_id := p_plan;
    sale.plan_version := plan.plan_version;
    sale.plan_name := plan.plan_name;
    sale.operator := plan.operator;
    sale.plan_type := plan.plan_type;
    sale.category := plan.category;
    sale.circle := plan.circle;
    sale.price := v_terms.price;
    IF p_stated ? 'amount' THEN
        sale.talktime := talktime_of(p_plan, sale.price);
    END IF;
    sale.discount := 0;
    sale.cashback := 0;
    sale.source := p_source;
    sale.activation_mode := CASE WHEN p_replace THEN 'activate' ELSE 'queue' END;
    sale.created_at := at;
    sale.refunded_amount := 0;
END $$;
