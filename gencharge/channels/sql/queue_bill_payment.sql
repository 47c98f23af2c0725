-- Hands a paid bill to the operator's queue, as queue_fulfilment does with a plan. `p_bill_reference` is the operator's own name for the
-- bill, `p_amount` in paise. Takes no lock.
CREATE OR REPLACE FUNCTION queue_bill_payment(
    p_user uuid, p_recharge uuid, p_phone text, p_operator text, p_bill_reference text, p_amount bigint, p_now timestamptz,
    p_traceparent text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO fulfilments (user_id, recharge_id, phone_number, operator, bill_reference, amount, state,
                             next_attempt_at, created_at, traceparent)
    VALUES (p_user, p_recharge, p_phone, p_operator, p_bill_reference, p_amount, 'due', p_now, p_now,
            nullif(p_traceparent, ''));
END $$;
