-- What recharging a number with a plan would mean at p_now, or why it can't be: the rules of every recharge and of every
-- quote, in one place. Reads only and takes no lock; the caller has brought the line to p_now.
--
-- p_stated is what the caller states of the number, `{"operator": ..., "circle": ..., "amount": paise}`, each or none; NULL: nothing. Operator and
-- circle count before what is known: numbers are ported, and who states a wrong operator is refused by it and gets the money back. What is known of
-- the number at another operator than the stated one says nothing about its service type now. The amount is what a plan of any amount
-- is to cost; such a plan needs one, and another plan takes none.
--
--   outcome  NULL if the recharge is possible, else 'plan_not_found', 'plan_inactive', 'amount_invalid', 'operator_mismatch',
--            'service_type_mismatch', 'circle_mismatch', 'operator_down', 'operator_channel_unavailable',
--            'base_plan_required', 'duplicate_recharge'
--   known    what is stated or known of the number, if the outcome is a mismatch; the lowest amount, the highest and the step in paise,
--            with blanks between, if it is 'amount_invalid', or NULL if the plan has one price
--   price    in paise
--   channel  of the operator: 'internal' delivers at once, 'api' later
--   plan     the plan as it would be on the number: the facts of the catalogue, 'active' or 'queued', from when to when
--   running  the base plan that is active on the number
CREATE OR REPLACE FUNCTION recharge_terms(
    p_user uuid, p_phone text, p_plan uuid, p_hint text, p_replace boolean, p_confirmed boolean,
    p_window_seconds integer, p_now timestamptz, p_stated jsonb DEFAULT NULL,
    OUT outcome text, OUT known text, OUT price bigint, OUT channel text, OUT plan active_plans, OUT running active_plans
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_sold record;
    v_number record;
    v_reachable boolean := true;
    v_is_duplicate boolean := false;
    v_amount bigint := (p_stated ->> 'amount')::bigint;
    v_since timestamptz := p_now - make_interval(secs => p_window_seconds);
BEGIN
    SELECT p.version, p.name, p.operator, p.plan_type, p.category, p.is_addon, p.validity_count, p.validity_unit,
           p.price_paise, p.max_price_paise, p.price_step_paise, p.circles, p.status, p.active_from, p.active_until,
           o.status = 'down' OR coalesce(p_now >= o.maintenance_from AND p_now < o.maintenance_until, false) AS operator_is_down,
           o.is_active AS operator_is_active, o.channel
    INTO v_sold
    FROM plans AS p LEFT JOIN operators AS o ON o.code = p.operator WHERE p.plan_id = p_plan;
    IF NOT FOUND THEN
        outcome := 'plan_not_found';
        RETURN;
    END IF;
    SELECT a.* INTO running FROM active_plans AS a
    WHERE a.phone_number = p_phone AND a.status = 'active' AND NOT a.is_addon;
    v_number := known_connection(p_phone, p_user);
    IF p_stated IS NOT NULL THEN
        IF p_stated ->> 'operator' <> v_number.operator THEN
            v_number.service_type := NULL;
        END IF;
        v_number.operator := coalesce(p_stated ->> 'operator', v_number.operator);
        v_number.circle := coalesce(p_stated ->> 'circle', v_number.circle);
    END IF;
    price := v_sold.price_paise;
    IF v_sold.max_price_paise IS NOT NULL THEN
        price := coalesce(v_amount, price);
    END IF;
    channel := v_sold.channel;
    -- Not inside the conditions below: PL/pgSQL would run a query for each, needed or not.
    IF channel <> 'internal' THEN
        v_reachable := EXISTS (
            SELECT FROM operator_channels AS c
            WHERE c.operator = v_sold.operator AND c.is_active AND price BETWEEN c.min_amount AND c.max_amount);
    END IF;
    IF NOT p_confirmed THEN
        v_is_duplicate := EXISTS (
            SELECT FROM active_plans AS a
            WHERE a.phone_number = p_phone AND a.plan_id = p_plan AND a.created_at > v_since AND a.status <> 'cancelled');
    END IF;

    IF v_sold.status <> 'active' OR v_sold.active_from > p_now OR v_sold.active_until <= p_now THEN
        outcome := 'plan_inactive';
    ELSIF (v_sold.max_price_paise IS NULL) = (v_amount IS NOT NULL)
        OR NOT (v_amount BETWEEN v_sold.price_paise AND v_sold.max_price_paise
                AND (v_amount - v_sold.price_paise) % v_sold.price_step_paise = 0)
    THEN
        outcome := 'amount_invalid';
        IF v_sold.max_price_paise IS NOT NULL THEN
            known := concat_ws(' ', v_sold.price_paise, v_sold.max_price_paise, v_sold.price_step_paise);
        END IF;
    ELSIF coalesce(v_number.operator, p_hint) <> v_sold.operator THEN
        outcome := 'operator_mismatch';
        known := coalesce(v_number.operator, p_hint);
    ELSIF v_number.service_type <> v_sold.plan_type THEN
        outcome := 'service_type_mismatch';
        known := v_number.service_type;
    ELSIF cardinality(v_sold.circles) > 0 AND NOT coalesce(v_number.circle = ANY (v_sold.circles), false) THEN
        outcome := 'circle_mismatch';
        known := v_number.circle;
    ELSIF v_sold.operator_is_down OR NOT v_sold.operator_is_active THEN
        outcome := 'operator_down';
    ELSIF NOT v_reachable THEN
        outcome := 'operator_channel_unavailable';
    ELSIF v_sold.validity_unit = 'base_plan' AND running.recharge_id IS NULL THEN
        outcome := 'base_plan_required';
    ELSIF v_is_duplicate THEN
        outcome := 'duplicate_recharge';
    END IF;

    plan.phone_number := p_phone;
    plan.user_id := p_user;
    plan.plan_id := p_plan;
    plan.plan_version := v_sold.version;
    plan.plan_name := v_sold.name;
    plan.operator := v_sold.operator;
    plan.plan_type := v_sold.plan_type;
    plan.category := v_sold.category;
    plan.circle := v_number.circle;
    plan.is_addon := v_sold.is_addon;
    plan.validity_count := v_sold.validity_count;
    plan.validity_unit := v_sold.validity_unit;
    IF NOT v_sold.is_addon AND running.recharge_id IS NOT NULL AND NOT p_replace THEN
        plan.status := 'queued';
    ELSE
        plan.status := 'active';
        plan.valid_from := p_now;
        IF v_sold.validity_unit = 'base_plan' THEN
            plan.valid_until := running.valid_until;
        ELSE
            plan.valid_until := validity_end(p_now, v_sold.validity_count, v_sold.validity_unit);
        END IF;
    END IF;
END $$;
