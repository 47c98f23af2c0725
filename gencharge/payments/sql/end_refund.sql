-- Ends a refund. `p_paid`: the gateway has paid it out; otherwise it is proven that it can't, and the money is the customer's
-- again (what lay in suspense stays there, for the staff). `p_gateway_refund` is the gateway's id of it, `p_reason` why it failed.
-- Returns 'processed', 'failed', 'already' if it had ended, 'not_found'. Locks the payment, the refund, then the wallet.
CREATE OR REPLACE FUNCTION end_refund(
    p_user uuid, p_refund uuid, p_paid boolean, p_gateway_refund text, p_reason text, p_context jsonb,
    p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_refund refunds;
    v_now timestamptz;
    v_moved record;
BEGIN
    SELECT * INTO v_refund FROM refunds WHERE user_id = p_user AND refund_id = p_refund;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = v_refund.payment_id FOR UPDATE;
    SELECT * INTO v_refund FROM refunds WHERE user_id = p_user AND refund_id = p_refund FOR UPDATE;
    PERFORM 1 FROM wallets WHERE user_id = p_user FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_refund.status IN ('processed', 'failed') THEN
        RETURN 'already';
    END IF;
    UPDATE refunds SET status = CASE WHEN p_paid THEN 'processed' ELSE 'failed' END, completed_at = v_now,
        gateway_refund_id = coalesce(p_gateway_refund, gateway_refund_id), failure_reason = p_reason,
        next_attempt_at = NULL, leased_until = NULL
    WHERE user_id = p_user AND refund_id = p_refund;
    IF v_refund.from_account = 'user:held' THEN
        v_moved := wallet_transfer(
            p_user, new_uuid7(), 'user:held', CASE WHEN p_paid THEN 'gateway:' || v_payment.gateway ELSE 'user:main' END,
            v_refund.amount, CASE WHEN p_paid THEN ledger_code('source_refund') ELSE ledger_code('release') END,
            p_refund::text, p_refund, NULL, NULL, v_payment.source, v_payment.method, NULL, v_now);
        IF v_moved.posted_after IS NULL THEN
            RAISE EXCEPTION 'refund % is under way, but its money is not held', p_refund;
        END IF;
    ELSIF p_paid THEN
        PERFORM ledger_transfer(
            p_user, v_refund.from_account, 'gateway:' || v_payment.gateway, v_refund.amount, ledger_code('source_refund'),
            p_refund::text, p_refund, NULL, NULL, v_payment.source, v_payment.method, NULL, v_now);
    END IF;
    -- What went back of a second capture is none of the payment's own amount.
    IF p_paid AND v_refund.gateway_payment_id = v_payment.gateway_payment_id THEN
        UPDATE payments SET refunded_amount = refunded_amount + v_refund.amount, updated_at = v_now,
            status = CASE WHEN refunded_amount + v_refund.amount = amount THEN 'refunded' ELSE 'partially_refunded' END
        WHERE user_id = p_user AND payment_id = v_refund.payment_id;
    END IF;
    PERFORM add_event(p_user, CASE WHEN p_paid THEN 'RefundProcessed' ELSE 'RefundFailed' END, jsonb_build_object(
        'user_id', p_user, 'refund_id', p_refund, 'payment_id', v_refund.payment_id,
        'amount_paise', v_refund.amount) || CASE WHEN p_paid THEN '{}'::jsonb ELSE jsonb_build_object(
        'reason', coalesce(p_reason, ''), 'in_wallet', v_refund.from_account = 'user:held') END, p_context);
    RETURN CASE WHEN p_paid THEN 'processed' ELSE 'failed' END;
END $$;
