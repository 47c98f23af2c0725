-- Announces something about a bought plan: an event of `p_topic`. Returns the event's id. Takes no lock.
CREATE OR REPLACE FUNCTION announce_plan(p_topic text, p_plan active_plans, p_context jsonb) RETURNS uuid
LANGUAGE plpgsql AS $$
BEGIN
    RETURN add_event(p_plan.user_id, p_topic, jsonb_build_object(
        'user_id', p_plan.user_id, 'recharge_id', p_plan.recharge_id, 'phone_number', p_plan.phone_number,
        'plan_name', p_plan.plan_name, 'valid_until', p_plan.valid_until), p_context);
END $$;
