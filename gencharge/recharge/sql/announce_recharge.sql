-- Announces something about a recharge: an event of `p_topic`. `p_more` is added to the fields that every such event has; `p_id` is
-- as of add_event. Returns the event's id. Takes no lock.
CREATE OR REPLACE FUNCTION announce_recharge(
    p_topic text, p_sale recharges, p_more jsonb, p_context jsonb, p_id uuid DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN add_event(p_sale.user_id, p_topic, jsonb_build_object(
        'user_id', p_sale.user_id, 'recharge_id', p_sale.id, 'phone_number', p_sale.phone_number,
        'plan_name', p_sale.plan_name, 'operator', p_sale.operator) || p_more, p_context, p_id);
END $$;
