-- Sets money aside that is to go back to a payment's source, so that the customer can't spend it. `p_amount` in paise; `p_key` and
-- `p_hash` are the idempotency key and the hash of its request; `p_by` is who asked.
--
-- Returns 'created', 'replayed' or 'key_reused' for a key that was used before, 'not_captured', 'too_much' (more than is left of
-- the payment), 'insufficient_balance', 'not_found'. Locks the payment, then the wallet.
CREATE OR REPLACE FUNCTION begin_refund(
    p_user uuid, p_payment uuid, p_refund uuid, p_amount bigint, p_key text, p_hash bytea, p_reason text, p_by text,
    p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_earlier refunds;
    v_under_way bigint;
    v_now timestamptz;
    v_moved record;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    PERFORM 1 FROM wallets WHERE user_id = p_user FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    SELECT * INTO v_earlier FROM refunds WHERE user_id = p_user AND idempotency_key = p_key;
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_earlier.refund_id IS NOT NULL THEN
        RETURN CASE WHEN v_earlier.request_hash = p_hash THEN 'replayed' ELSE 'key_reused' END;
    ELSIF v_payment.status NOT IN ('captured', 'partially_refunded') THEN
        RETURN 'not_captured';
    END IF;
    SELECT coalesce(sum(amount), 0) INTO v_under_way FROM refunds
    WHERE user_id = p_user AND payment_id = p_payment AND status <> 'failed'
      AND gateway_payment_id = v_payment.gateway_payment_id;
    IF p_amount <= 0 OR v_under_way + p_amount > v_payment.amount THEN
        RETURN 'too_much';
    END IF;
    v_moved := wallet_transfer(
        p_user, new_uuid7(), 'user:main', 'user:held', p_amount, ledger_code('hold'), p_refund::text, p_refund, NULL, NULL,
        v_payment.source, v_payment.method, NULL, v_now);
    IF v_moved.posted_after IS NULL THEN
        RETURN 'insufficient_balance';
    END IF;
    INSERT INTO refunds (user_id, refund_id, payment_id, gateway_payment_id, amount, status, from_account, reason,
                         requested_by, idempotency_key, request_hash, created_at, next_attempt_at)
    VALUES (p_user, p_refund, p_payment, v_payment.gateway_payment_id, p_amount, 'created', 'user:held', p_reason, p_by,
            p_key, p_hash, v_now, v_now);
    PERFORM add_event(p_user, 'RefundRequested', jsonb_build_object(
        'user_id', p_user, 'refund_id', p_refund, 'payment_id', p_payment, 'amount_paise', p_amount,
        'reason', p_reason, 'requested_by', p_by, 'changes', jsonb_build_object(
            'refunds_paise', jsonb_build_object('old', v_under_way, 'new', v_under_way + p_amount))), p_context);
    RETURN 'created';
END $$;
