-- Puts money of a gateway's payment that the wallet does not take into suspense, and has it refunded to its source, once for each
-- of the gateway's payments. `p_amount` in paise; `p_key` is the ledger's key. Returns false if that was done before.
-- Takes no lock: the caller holds the payment's row.
CREATE OR REPLACE FUNCTION send_payment_back(
    p_payment payments, p_gateway_payment text, p_amount bigint, p_reason text, p_key text, p_now timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_refund uuid := new_uuid7();
BEGIN
    INSERT INTO refunds (user_id, refund_id, payment_id, gateway_payment_id, amount, status, from_account, reason,
                         requested_by, idempotency_key, request_hash, created_at, next_attempt_at)
    VALUES (p_payment.user_id, v_refund, p_payment.payment_id, p_gateway_payment, p_amount, 'created', 'suspense',
            p_reason, 'system', p_reason || ':' || p_gateway_payment, '', p_now, p_now)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM ledger_transfer(
        p_payment.user_id, 'gateway:' || p_payment.gateway, 'suspense', p_amount, ledger_code('payment'), p_key,
        p_payment.payment_id, NULL, NULL, p_payment.source, p_payment.method, NULL, p_now);
    RETURN true;
END $$;
