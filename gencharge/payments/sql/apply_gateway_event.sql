-- Applies what a webhook says. `p_body` is what is kept of it, {"payment": {...}, "refund": {...}, "token": {...}, "payout": {...}};
-- `p_limits` is as of topup_room.
--
-- Returns 'reported' for what is said of a mandate or a payout, 'ignored' for a kind of event that changes nothing here, 'unknown_order'
-- or 'unknown_refund' if it names what is not written down, yet or at all, and otherwise an outcome of capture_payment, authorize_payment, fail_payment or end_refund.
-- A refund that the gateway calls failed is asked about before its money is given back: 'to_be_asked', or 'already' if it has ended.
--
-- Locks the rows that these functions lock: the payment, then the refund, then the wallet.
CREATE OR REPLACE FUNCTION apply_gateway_event(
    p_gateway text, p_kind text, p_order text, p_body jsonb, p_limits jsonb, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_order payment_orders;
    v_paid jsonb := p_body -> 'payment';
    v_back jsonb := p_body -> 'refund';
    v_refund uuid;
    v_outcome text;
    v_now timestamptz := coalesce(p_pinned, clock_timestamp());
BEGIN
    IF p_kind LIKE 'token.%' AND p_body #>> '{token,hash}' IS NOT NULL THEN
        PERFORM add_event('00000000-0000-0000-0000-000000000000', 'GatewayTokenReported', jsonb_build_object(
            'user_id', '00000000-0000-0000-0000-000000000000', 'kind', p_kind, 'gateway', p_gateway,
            'token_hash', p_body #>> '{token,hash}'), p_context);
        RETURN 'reported';
    END IF;
    IF p_kind LIKE 'payout.%' AND p_body -> 'payout' IS NOT NULL THEN
        PERFORM add_event((p_body #>> '{payout,user_id}')::uuid, 'GatewayPayoutReported', jsonb_build_object(
            'user_id', p_body #>> '{payout,user_id}', 'kind', p_kind, 'gateway', p_gateway,
            'gateway_payout_id', p_body #>> '{payout,id}', 'reference', p_body #>> '{payout,reference_id}'), p_context);
        RETURN 'reported';
    END IF;
    IF p_kind NOT IN ('payment.authorized', 'payment.captured', 'order.paid', 'payment.failed', 'refund.processed',
                      'refund.failed') THEN
        RETURN 'ignored';
    END IF;
    SELECT * INTO v_order FROM payment_orders WHERE order_id = p_order AND gateway = p_gateway;
    IF NOT FOUND THEN
        RETURN 'unknown_order';
    END IF;
    IF p_kind IN ('payment.captured', 'order.paid') THEN
        v_outcome := capture_payment(
            v_order.user_id, v_order.payment_id, v_paid ->> 'id', (v_paid ->> 'amount')::bigint, v_paid ->> 'currency',
            p_limits, p_context, p_pinned);
        UPDATE payments SET bank_reference = v_paid ->> 'bank_reference'
        WHERE user_id = v_order.user_id AND payment_id = v_order.payment_id AND gateway_payment_id = v_paid ->> 'id'
          AND bank_reference IS NULL AND v_paid ->> 'bank_reference' IS NOT NULL;
        RETURN v_outcome;
    ELSIF p_kind = 'payment.authorized' THEN
        RETURN authorize_payment(
            v_order.user_id, v_order.payment_id, (v_paid ->> 'amount')::bigint, v_paid ->> 'currency', p_context, p_pinned);
    ELSIF p_kind = 'payment.failed' THEN
        RETURN fail_payment(
            v_order.user_id, v_order.payment_id, coalesce(v_paid ->> 'error_reason', 'declined'), false, p_context, p_pinned);
    END IF;
    SELECT refund_id INTO v_refund FROM refunds
    WHERE user_id = v_order.user_id AND payment_id = v_order.payment_id AND refund_id::text = v_back ->> 'receipt'
      AND amount = (v_back ->> 'amount')::bigint AND gateway_payment_id = v_back ->> 'payment_id';
    IF NOT FOUND THEN
        RETURN 'unknown_refund';
    ELSIF p_kind = 'refund.processed' THEN
        RETURN end_refund(v_order.user_id, v_refund, true, v_back ->> 'id', NULL, p_context, p_pinned);
    END IF;
    UPDATE refunds SET next_attempt_at = v_now
    WHERE user_id = v_order.user_id AND refund_id = v_refund AND next_attempt_at IS NOT NULL;
    RETURN CASE WHEN FOUND THEN 'to_be_asked' ELSE 'already' END;
END $$;
