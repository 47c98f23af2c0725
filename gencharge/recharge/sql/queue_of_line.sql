-- The queued base plans of a number in the order in which they start, and when each one will, if nothing changes: at the end of
-- the one before it, as advance_line does it. With no base plan active the first one starts at p_now. Reads only and takes no
-- lock; the caller has brought the line to p_now.
CREATE OR REPLACE FUNCTION queue_of_line(p_phone text, p_now timestamptz)
RETURNS TABLE (
    recharge_id uuid, user_id uuid, plan_id uuid, plan_name text, operator text, starts_at timestamptz, ends_at timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_plan active_plans;
BEGIN
    SELECT a.valid_until INTO ends_at FROM active_plans AS a
    WHERE a.phone_number = p_phone AND a.status = 'active' AND NOT a.is_addon;
    ends_at := coalesce(ends_at, p_now);
    FOR v_plan IN
        SELECT * FROM active_plans AS a WHERE a.phone_number = p_phone AND a.status = 'queued'
        ORDER BY a.queue_rank NULLS LAST, a.created_at, a.recharge_id
    LOOP
        recharge_id := v_plan.recharge_id;
        user_id := v_plan.user_id;
        plan_id := v_plan.plan_id;
        plan_name := v_plan.plan_name;
        operator := v_plan.operator;
        starts_at := ends_at;
        ends_at := validity_end(starts_at, v_plan.validity_count, v_plan.validity_unit);
        RETURN NEXT;
    END LOOP;
END $$;
