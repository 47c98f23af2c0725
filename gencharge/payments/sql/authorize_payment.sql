-- The customer agreed to a payment. The money is the house's only once it is captured; the loop of the checks sees to that.
-- `p_amount` in paise, as the gateway says. Returns 'authorized', 'already' if the payment is as far or farther, 'mismatch' of
-- amount or currency, 'not_found'. Locks the payment.
CREATE OR REPLACE FUNCTION authorize_payment(
    p_user uuid, p_payment uuid, p_amount bigint, p_currency text, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_now timestamptz;
    v_next timestamptz;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    v_next := v_now + interval '3 seconds';
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_payment.status NOT IN ('created', 'failed') THEN
        RETURN 'already';
    ELSIF v_payment.amount <> p_amount OR v_payment.currency <> p_currency THEN
        RETURN mismatch_payment(v_payment, p_amount, p_currency, p_context, v_now);
    END IF;
    -- The capture is usually right behind; the gateway is asked if it is not.
    UPDATE payments SET status = 'authorized', failure_reason = NULL, checks = 0, next_check_at = v_next,
                        updated_at = v_now
    WHERE user_id = p_user AND payment_id = p_payment RETURNING * INTO v_payment;
    PERFORM announce_payment('PaymentAuthorized', v_payment, '{}', p_context);
    RETURN 'authorized';
END $$;
