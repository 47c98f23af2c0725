-- Money of a gateway payment that the wallet does not take: into suspense, and back to its source. Once for each of the
-- gateway's payments. The caller holds the payment's row.
CREATE OR REPLACE FUNCTION send_payment_back(
    p_payment payments, p_gateway_payment text, p_amount bigint, p_reason text, p_key text, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO refunds (user_id, refund_id, payment_id, gateway_payment_id, amount, status, from_account, reason,
                         requested_by, idempotency_key, request_hash, created_at, next_attempt_at)
    VALUES (p_payment.user_id, new_uuid7(), p_payment.payment_id, p_gateway_payment, p_amount, 'created', 'suspense',
            p_reason, 'system', p_reason || ':' || p_gateway_payment, '', p_now, p_now)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, source, payment_method, created_at)
    VALUES (p_payment.user_id, new_uuid7(), 'gateway:' || p_payment.gateway, 'suspense', p_amount, 13, p_key,
            p_payment.payment_id, p_payment.source, p_payment.method, p_now);
    RETURN true;
END $$;
