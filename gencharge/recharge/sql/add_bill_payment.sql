-- Writes the payment of a postpaid bill down: a recharge without a plan, and that the bill is being paid, which counts for every customer.
-- With `p_payment`, that of a gateway, it waits for its money; without, the money is held and the payment is on its way. `p_balance`: what
-- can be spent of the wallet after it; the other parameters as of pay_bill_by_gateway. Raises serialization_failure if another sale took the
-- key since it was looked up. Locks nothing but its new rows; the caller holds the line.
CREATE OR REPLACE FUNCTION add_bill_payment(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_operator text, p_circle text, p_bill uuid,
    p_bill_reference text, p_amount bigint, p_source text, p_method text, p_payment uuid, p_balance bigint, p_at timestamptz
) RETURNS recharges LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_waits boolean := p_payment IS NOT NULL;
    v_status text := CASE WHEN v_waits THEN 'payment_pending' ELSE 'processing' END;
BEGIN
    INSERT INTO recharges (
        user_id, id, idempotency_key, request_hash, phone_number, plan_version, plan_name, operator, plan_type, category,
        price, discount, wallet_amount, gateway_amount, status, sold_status, payment_method, source, activation_mode,
        balance_after, cashback, created_at, circle, bill_id, payment_id)
    VALUES (
        p_user, p_id, p_key, p_hash, p_phone, 0, 'Postpaid bill', p_operator, 'postpaid', 'bill',
        p_amount, 0, CASE WHEN v_waits THEN 0 ELSE p_amount END, CASE WHEN v_waits THEN p_amount ELSE 0 END, v_status, v_status,
        p_method, p_source, 'queue', p_balance, 0, p_at, p_circle, p_bill, p_payment)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING RETURNING * INTO v_sale;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the idempotency key was taken by another sale' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO bill_payments (phone_number, recharge_id, user_id, operator, bill_reference, amount, status, created_at)
    VALUES (p_phone, p_id, p_user, p_operator, p_bill_reference, p_amount, CASE WHEN v_waits THEN 'unpaid' ELSE 'pending' END, p_at);
    RETURN v_sale;
END $$;
