-- What becomes of a gateway payment. Each function locks the payment's row first, then the wallet, and looks at the state
-- only then: a webhook that comes twice, late or out of order, and a status check beside it, find it done.

CREATE FUNCTION announce_payment(p_topic text, p_payment payments, p_more jsonb, p_context jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_payment.user_id, new_uuid7(), p_topic, jsonb_build_object(
        'user_id', p_payment.user_id, 'payment_id', p_payment.payment_id, 'purpose', p_payment.purpose,
        'reference_id', p_payment.reference_id, 'amount_paise', p_payment.amount) || p_more, p_context)
$$;

-- The gateway has the money of a payment: it goes to the wallet (topup), or is held for its recharge. Where the wallet may
-- not take it (p_balance_limit), it goes to suspense and back to its source. Returns 'captured', 'over_limit',
-- 'already', 'second' for another capture of the same order, 'mismatch' where amount or currency are not those of the
-- order (nothing is credited), 'not_found'.
CREATE FUNCTION capture_payment(
    p_user uuid, p_payment uuid, p_gateway_payment text, p_amount bigint, p_currency text, p_balance_limit bigint,
    p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_now timestamptz;
    v_moved record;
    v_account text;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_payment.status IN ('captured', 'partially_refunded', 'refunded') THEN
        RETURN CASE WHEN v_payment.gateway_payment_id = p_gateway_payment THEN 'already' ELSE 'second' END;
    ELSIF v_payment.amount <> p_amount OR v_payment.currency <> p_currency THEN
        UPDATE payments SET failure_reason = 'amount_mismatch', next_check_at = NULL, updated_at = v_now
        WHERE user_id = p_user AND payment_id = p_payment;
        INSERT INTO events (user_id, id, topic, payload, context)
        VALUES (p_user, new_uuid7(), 'PaymentMismatched', jsonb_build_object(
            'user_id', p_user, 'payment_id', p_payment, 'order_id', v_payment.order_id,
            'ordered_paise', v_payment.amount, 'reported_paise', p_amount, 'currency', p_currency), p_context);
        RETURN 'mismatch';
    END IF;

    UPDATE payments SET status = 'captured', gateway_payment_id = p_gateway_payment, captured_at = v_now,
                        failure_reason = NULL, next_check_at = NULL, leased_until = NULL, updated_at = v_now
    WHERE user_id = p_user AND payment_id = p_payment RETURNING * INTO v_payment;
    v_account := 'gateway:' || v_payment.gateway;
    SELECT * INTO v_moved FROM wallet_transfer(
        p_user, new_uuid7(), v_account, CASE v_payment.purpose WHEN 'topup' THEN 'user:main' ELSE 'user:held' END,
        p_amount, CASE v_payment.purpose WHEN 'topup' THEN 2 ELSE 13 END::smallint, p_payment::text,
        coalesce(v_payment.reference_id, p_payment), NULL, NULL, v_payment.source, v_payment.method,
        CASE v_payment.purpose WHEN 'topup' THEN p_balance_limit END, v_now);
    IF NOT FOUND THEN
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, source, payment_method, created_at)
        VALUES (p_user, new_uuid7(), v_account, 'suspense', p_amount, 13, p_payment::text, p_payment,
                v_payment.source, v_payment.method, v_now);
        INSERT INTO refunds (user_id, refund_id, payment_id, amount, status, from_account, reason, requested_by,
                             idempotency_key, request_hash, created_at, next_attempt_at)
        VALUES (p_user, new_uuid7(), p_payment, p_amount, 'created', 'suspense', 'wallet_limit', 'system',
                'wallet_limit:' || p_payment, '', v_now, v_now);
        PERFORM announce_payment('PaymentOverLimit', v_payment, '{}', p_context);
        RETURN 'over_limit';
    END IF;
    PERFORM announce_payment('PaymentCaptured', v_payment, jsonb_build_object('method', v_payment.method), p_context);
    RETURN 'captured';
END $$;

-- Sets money aside that is to go back to a payment's source: out of what the customer can spend. Returns 'created',
-- 'replayed' or 'key_reused' for a key that was used before, 'not_captured', 'too_much' (more than is left of the
-- payment), 'insufficient_balance', 'not_found'.
CREATE FUNCTION begin_refund(
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
    WHERE user_id = p_user AND payment_id = p_payment AND status <> 'failed';
    IF p_amount <= 0 OR v_under_way + p_amount > v_payment.amount THEN
        RETURN 'too_much';
    END IF;
    SELECT * INTO v_moved FROM wallet_transfer(
        p_user, new_uuid7(), 'user:main', 'user:held', p_amount, 5::smallint, p_refund::text, p_refund, NULL, NULL,
        v_payment.source, v_payment.method, NULL, v_now);
    IF NOT FOUND THEN
        RETURN 'insufficient_balance';
    END IF;
    INSERT INTO refunds (user_id, refund_id, payment_id, amount, status, from_account, reason, requested_by,
                         idempotency_key, request_hash, created_at, next_attempt_at)
    VALUES (p_user, p_refund, p_payment, p_amount, 'created', 'user:held', p_reason, p_by, p_key, p_hash, v_now, v_now);
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_user, new_uuid7(), 'RefundRequested', jsonb_build_object(
        'user_id', p_user, 'refund_id', p_refund, 'payment_id', p_payment, 'amount_paise', p_amount,
        'reason', p_reason), p_context);
    RETURN 'created';
END $$;

-- The gateway has paid a refund out, or it is proven that it can't: then the money is the customer's again (what lay in
-- suspense stays there, for the staff). Returns 'processed' | 'failed', 'already', 'not_found'.
CREATE FUNCTION end_refund(
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
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_refund.status IN ('processed', 'failed') THEN
        RETURN 'already';
    END IF;
    UPDATE refunds SET status = CASE WHEN p_paid THEN 'processed' ELSE 'failed' END, completed_at = v_now,
        gateway_refund_id = coalesce(p_gateway_refund, gateway_refund_id), failure_reason = p_reason,
        next_attempt_at = NULL, leased_until = NULL
    WHERE user_id = p_user AND refund_id = p_refund;
    IF p_paid THEN
        IF v_refund.from_account = 'user:held' THEN
            SELECT * INTO v_moved FROM wallet_transfer(
                p_user, new_uuid7(), 'user:held', 'gateway:' || v_payment.gateway, v_refund.amount, 14::smallint,
                p_refund::text, p_refund, NULL, NULL, v_payment.source, v_payment.method, NULL, v_now);
            IF NOT FOUND THEN
                RAISE EXCEPTION 'refund % is under way, but its money is not held', p_refund;
            END IF;
        ELSE
            INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, source, payment_method, created_at)
            VALUES (p_user, new_uuid7(), v_refund.from_account, 'gateway:' || v_payment.gateway, v_refund.amount, 14,
                    p_refund::text, p_refund, v_payment.source, v_payment.method, v_now);
        END IF;
        UPDATE payments SET refunded_amount = refunded_amount + v_refund.amount, updated_at = v_now,
            status = CASE WHEN refunded_amount + v_refund.amount = amount THEN 'refunded' ELSE 'partially_refunded' END
        WHERE user_id = p_user AND payment_id = v_refund.payment_id;
        INSERT INTO events (user_id, id, topic, payload, context)
        VALUES (p_user, new_uuid7(), 'RefundProcessed', jsonb_build_object(
            'user_id', p_user, 'refund_id', p_refund, 'payment_id', v_refund.payment_id,
            'amount_paise', v_refund.amount), p_context);
        RETURN 'processed';
    END IF;
    IF v_refund.from_account = 'user:held' THEN
        SELECT * INTO v_moved FROM wallet_transfer(
            p_user, new_uuid7(), 'user:held', 'user:main', v_refund.amount, 7::smallint, p_refund::text, p_refund, NULL,
            NULL, v_payment.source, v_payment.method, NULL, v_now);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'refund % is under way, but its money is not held', p_refund;
        END IF;
    END IF;
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_user, new_uuid7(), 'RefundFailed', jsonb_build_object(
        'user_id', p_user, 'refund_id', p_refund, 'payment_id', v_refund.payment_id,
        'amount_paise', v_refund.amount, 'reason', coalesce(p_reason, '')), p_context);
    RETURN 'failed';
END $$;
