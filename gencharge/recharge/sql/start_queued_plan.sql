-- Starts a queued plan now. The base plan that runs ends for it, but only if `p_replaces` names it: so nobody loses a plan that
-- they did not know of.
--
-- Returns 'started'; 'already' if it runs (the worker may have been faster); 'would_replace' if another plan runs than the one
-- that was named (`running`); 'not_queued' if it is over or not delivered yet; 'not_found'. `plan` is the plan as it is now.
-- Locks the line.
CREATE OR REPLACE FUNCTION start_queued_plan(
    p_phone text, p_recharge uuid, p_replaces uuid, p_reason text, p_context jsonb, p_pinned timestamptz,
    OUT outcome text, OUT plan active_plans, OUT running active_plans
) LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean := lock_line(p_phone);
    v_now timestamptz := coalesce(p_pinned, clock_timestamp());
BEGIN
    PERFORM advance_line(p_phone, v_now, p_context);
    SELECT * INTO plan FROM active_plans WHERE phone_number = p_phone AND recharge_id = p_recharge;
    IF NOT FOUND THEN
        outcome := 'not_found';
    ELSIF plan.status = 'active' THEN
        outcome := 'already';
    ELSIF plan.status <> 'queued' THEN
        outcome := 'not_queued';
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO running FROM active_plans WHERE phone_number = p_phone AND status = 'active' AND NOT is_addon;
    IF running.recharge_id IS DISTINCT FROM p_replaces THEN
        outcome := 'would_replace';
        RETURN;
    END IF;
    UPDATE active_plans SET status = 'replaced', ended_at = v_now
    WHERE phone_number = p_phone AND recharge_id = running.recharge_id;
    UPDATE active_plans SET status = 'active', valid_from = v_now,
        valid_until = validity_end(v_now, plan.validity_count, plan.validity_unit)
    WHERE phone_number = p_phone AND recharge_id = p_recharge RETURNING * INTO plan;
    PERFORM announce_plan('PlanActivated', plan, p_context);
    PERFORM add_event(plan.user_id, 'QueuedPlanStarted', jsonb_build_object(
        'user_id', plan.user_id, 'recharge_id', plan.recharge_id, 'phone_number', plan.phone_number,
        'plan_name', plan.plan_name, 'operator', plan.operator, 'total_paid_paise', (
            SELECT wallet_amount + gateway_amount FROM recharges WHERE user_id = plan.user_id AND id = p_recharge),
        'valid_from', plan.valid_from,
        'valid_until', plan.valid_until, 'replaced_plan_name', running.plan_name, 'replaced_recharge', running.recharge_id,
        'replaced_valid_until', running.valid_until, 'reason', p_reason), p_context);
    outcome := 'started';
END $$;
