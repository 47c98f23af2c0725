-- Why a postpaid bill, or a part of it, can't be paid now, however it is paid: `outcome` is 'operator_down', 'operator_channel_unavailable',
-- 'bill_payment_pending' if a payment of this bill is on its way, also another customer's (one that nobody has paid yet does not count),
-- 'velocity_limit_exceeded' (`known` is what hold_back returns); NULL: it can. Parameters as of pay_bill_from_wallet; `p_at`: the instant.
-- Changes nothing but the list of what was held back. Locks what hold_recharge_back locks; the caller holds the line.
CREATE OR REPLACE FUNCTION bill_refusal(
    p_user uuid, p_phone text, p_operator text, p_bill_reference text, p_amount bigint, p_bounds bigint[], p_session uuid,
    p_context jsonb, p_at timestamptz, OUT outcome text, OUT known text
) LANGUAGE plpgsql AS $$
DECLARE
    v_operator record;
    v_held_back jsonb;
BEGIN
    SELECT o.status = 'down' OR coalesce(p_at >= o.maintenance_from AND p_at < o.maintenance_until, false) AS is_down,
        o.is_active, EXISTS (
        SELECT FROM operator_channels AS c
        WHERE c.operator = o.code AND c.is_active AND p_amount BETWEEN c.min_amount AND c.max_amount) AS is_reachable
    INTO v_operator FROM operators AS o WHERE o.code = p_operator;
    IF v_operator.is_down OR NOT v_operator.is_active THEN
        outcome := 'operator_down';
    ELSIF NOT v_operator.is_reachable THEN
        outcome := 'operator_channel_unavailable';
    ELSIF EXISTS (
        SELECT FROM bill_payments AS b WHERE b.phone_number = p_phone AND b.operator = p_operator
        AND b.bill_reference = p_bill_reference AND b.status = 'pending')
    THEN
        outcome := 'bill_payment_pending';
    ELSIF p_bounds IS NOT NULL THEN
        v_held_back := hold_recharge_back(p_user, p_phone, p_amount, p_bounds, p_session, p_context, p_at);
        IF v_held_back IS NOT NULL THEN
            outcome := 'velocity_limit_exceeded';
            known := v_held_back::text;
        END IF;
    END IF;
END $$;
