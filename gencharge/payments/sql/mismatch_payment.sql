-- The gateway says that a payment has another amount (`p_amount`, paise) or currency than was ordered: nothing is credited, and the
-- staff are alerted, once. Returns 'mismatch'. Locks the payment, which the caller has locked already.
CREATE OR REPLACE FUNCTION mismatch_payment(
    p_payment payments, p_amount bigint, p_currency text, p_context jsonb, p_now timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF p_payment.failure_reason IS DISTINCT FROM 'amount_mismatch' THEN
        UPDATE payments SET failure_reason = 'amount_mismatch', updated_at = p_now
        WHERE user_id = p_payment.user_id AND payment_id = p_payment.payment_id;
        PERFORM add_event(p_payment.user_id, 'PaymentMismatched', jsonb_build_object(
            'user_id', p_payment.user_id, 'payment_id', p_payment.payment_id, 'order_id', p_payment.order_id,
            'ordered_paise', p_payment.amount, 'reported_paise', p_amount, 'currency', p_currency), p_context);
    END IF;
    RETURN 'mismatch';
END $$;
