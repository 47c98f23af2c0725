CREATE OR REPLACE FUNCTION recharge_terms(
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
