-- Hands a paid recharge to the operator's queue: the row that the dispatcher finds. Nothing is sent here. `p_amount` in
-- paise. `p_traceparent`: the span that queues it, empty or null if nothing is traced. Takes no lock.
CREATE OR REPLACE FUNCTION queue_fulfilment(
    p_user uuid, p_recharge uuid, p_phone text, p_operator text, p_plan uuid, p_amount bigint, p_now timestamptz,
    p_traceparent text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fulfilments (user_id, recharge_id, phone_number, operator, plan_id, amount, state,
                             next_attempt_at, created_at, traceparent)
    VALUES (p_user, p_recharge, p_phone, p_operator, p_plan, p_amount, 'due', p_now, p_now, nullif(p_traceparent, ''));
END $$;
