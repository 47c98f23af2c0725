-- A payment was declined or is abandoned, for `p_reason`. What is authorized stays so, unless it is known (`p_authorized`) that the
-- gateway released it; what is captured stays captured. The gateway is still asked for a while: a late capture counts.
-- Returns 'failed', 'already', 'not_found'. Locks the payment.
CREATE OR REPLACE FUNCTION fail_payment(
    p_user uuid, p_payment uuid, p_reason text, p_authorized boolean, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_now timestamptz;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_payment.status <> 'created' AND NOT (p_authorized AND v_payment.status = 'authorized') THEN
        RETURN 'already';
    END IF;
    UPDATE payments SET status = 'failed', updated_at = v_now,
        failure_reason = CASE failure_reason WHEN 'amount_mismatch' THEN failure_reason ELSE p_reason END
    WHERE user_id = p_user AND payment_id = p_payment RETURNING * INTO v_payment;
    PERFORM announce_payment('PaymentFailed', v_payment, jsonb_build_object('reason', p_reason), p_context);
    RETURN 'failed';
END $$;
