-- What becomes of a gateway payment. Each function locks the payment's row first, then the wallet, and looks at the state
-- only then: a webhook that comes twice, late or out of order, and a status check beside it, find it done.

CREATE FUNCTION announce_payment(p_topic text, p_payment payments, p_more jsonb, p_context jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_payment.user_id, new_uuid7(), p_topic, jsonb_build_object(
        'user_id', p_payment.user_id, 'payment_id', p_payment.payment_id, 'purpose', p_payment.purpose,
        'reference_id', p_payment.reference_id, 'amount_paise', p_payment.amount) || p_more, p_context)
$$;

-- How many paise more a customer may load now, by each limit of the KYC tier; null: there is no such limit. `p_limits`:
-- {"small": {"balance": paise, "month": paise | null, "year": paise | null}, "full": ...}. Months and financial years
-- (from 1 April) are India's. What was loaded counts as loaded, whatever became of it later.
CREATE FUNCTION topup_room(p_user uuid, p_limits jsonb, p_now timestamptz)
RETURNS TABLE (balance_left bigint, month_left bigint, year_left bigint) LANGUAGE sql STABLE AS $$
    WITH tier AS (
        SELECT coalesce(p_limits -> (SELECT kyc_tier FROM users WHERE user_id = p_user), p_limits -> 'small') AS most
    ), starts AS (
        SELECT date_trunc('month', p_now AT TIME ZONE 'Asia/Kolkata') AT TIME ZONE 'Asia/Kolkata' AS of_month,
               (date_trunc('year', (p_now AT TIME ZONE 'Asia/Kolkata') - interval '3 months') + interval '3 months')
                   AT TIME ZONE 'Asia/Kolkata' AS of_year
    ), loaded AS (
        SELECT coalesce(sum(amount) FILTER (WHERE created_at >= of_month), 0) AS in_month,
               coalesce(sum(amount), 0) AS in_year
        FROM starts JOIN transfers ON user_id = p_user AND code = 2 AND created_at >= of_year
    )
    SELECT ((most ->> 'balance')::bigint - coalesce((SELECT posted FROM wallets WHERE user_id = p_user), 0))::bigint,
           ((most ->> 'month')::bigint - in_month)::bigint, ((most ->> 'year')::bigint - in_year)::bigint
    FROM tier, loaded
$$;

-- The gateway says that there is a payment of another amount or currency than was ordered: nothing is credited, and the
-- staff are told, once.
CREATE FUNCTION mismatch_payment(p_payment payments, p_amount bigint, p_currency text, p_context jsonb, p_now timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF p_payment.failure_reason IS DISTINCT FROM 'amount_mismatch' THEN
        UPDATE payments SET failure_reason = 'amount_mismatch', updated_at = p_now
        WHERE user_id = p_payment.user_id AND payment_id = p_payment.payment_id;
        INSERT INTO events (user_id, id, topic, payload, context)
        VALUES (p_payment.user_id, new_uuid7(), 'PaymentMismatched', jsonb_build_object(
            'user_id', p_payment.user_id, 'payment_id', p_payment.payment_id, 'order_id', p_payment.order_id,
            'ordered_paise', p_payment.amount, 'reported_paise', p_amount, 'currency', p_currency), p_context);
    END IF;
    RETURN 'mismatch';
END $$;

-- Money of a gateway payment that the wallet does not take: into suspense, and back to its source. Once for each of the
-- gateway's payments. The caller holds the payment's row.
CREATE FUNCTION send_payment_back(
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

-- The gateway has the money of a payment: it goes to the wallet (topup), or is held for its recharge. Where the wallet may
-- not take it (p_limits, as of topup_room), it goes to suspense and back to its source. Returns 'captured', 'over_limit',
-- 'already', 'second' for another capture of the same order (back to its source, too), 'mismatch' where amount or currency
-- are not those of the order (nothing is credited), 'not_found'.
CREATE FUNCTION capture_payment(
    p_user uuid, p_payment uuid, p_gateway_payment text, p_amount bigint, p_currency text, p_limits jsonb,
    p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_now timestamptz;
    v_moved record;
    v_room bigint;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    PERFORM 1 FROM wallets WHERE user_id = p_user FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_payment.gateway_payment_id = p_gateway_payment THEN
        RETURN 'already';
    ELSIF v_payment.currency <> p_currency THEN
        RETURN mismatch_payment(v_payment, p_amount, p_currency, p_context, v_now);
    ELSIF v_payment.status IN ('captured', 'partially_refunded', 'refunded') THEN
        IF send_payment_back(v_payment, p_gateway_payment, p_amount, 'paid_twice', p_gateway_payment, v_now) THEN
            PERFORM announce_payment('PaymentCapturedTwice', v_payment, jsonb_build_object(
                'gateway_payment_id', p_gateway_payment, 'returned_paise', p_amount), p_context);
        END IF;
        RETURN 'second';
    ELSIF v_payment.amount <> p_amount THEN
        RETURN mismatch_payment(v_payment, p_amount, p_currency, p_context, v_now);
    END IF;

    UPDATE payments SET status = 'captured', gateway_payment_id = p_gateway_payment, captured_at = v_now,
                        failure_reason = NULL, next_check_at = NULL, leased_until = NULL, updated_at = v_now
    WHERE user_id = p_user AND payment_id = p_payment RETURNING * INTO v_payment;
    IF v_payment.purpose = 'topup' THEN
        SELECT least(balance_left, month_left, year_left) INTO v_room FROM topup_room(p_user, p_limits, v_now);
    END IF;
    IF v_room IS NULL OR p_amount <= v_room THEN
        SELECT * INTO v_moved FROM wallet_transfer(
            p_user, new_uuid7(), 'gateway:' || v_payment.gateway,
            CASE v_payment.purpose WHEN 'topup' THEN 'user:main' ELSE 'user:held' END,
            p_amount, CASE v_payment.purpose WHEN 'topup' THEN 2 ELSE 13 END::smallint, p_payment::text,
            coalesce(v_payment.reference_id, p_payment), NULL, NULL, v_payment.source, v_payment.method, NULL, v_now);
        IF FOUND THEN
            PERFORM announce_payment(
                'PaymentCaptured', v_payment, jsonb_build_object('method', v_payment.method), p_context);
            RETURN 'captured';
        END IF;
    END IF;
    PERFORM send_payment_back(v_payment, p_gateway_payment, p_amount, 'wallet_limit', p_payment::text, v_now);
    PERFORM announce_payment('PaymentOverLimit', v_payment, '{}', p_context);
    RETURN 'over_limit';
END $$;

-- The customer agreed to a payment; the money is not ours before it is captured, which the loop sees to. Returns
-- 'authorized', 'already' where it is as far or farther, 'mismatch', 'not_found'.
CREATE FUNCTION authorize_payment(
    p_user uuid, p_payment uuid, p_amount bigint, p_currency text, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_now timestamptz;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_payment.status NOT IN ('created', 'failed') THEN
        RETURN 'already';
    ELSIF v_payment.amount <> p_amount OR v_payment.currency <> p_currency THEN
        RETURN mismatch_payment(v_payment, p_amount, p_currency, p_context, v_now);
    END IF;
    -- The capture is usually right behind; the gateway is asked where it is not.
    UPDATE payments SET status = 'authorized', failure_reason = NULL, checks = 0, next_check_at = v_now + interval '3 seconds',
                        updated_at = v_now
    WHERE user_id = p_user AND payment_id = p_payment RETURNING * INTO v_payment;
    PERFORM announce_payment('PaymentAuthorized', v_payment, '{}', p_context);
    RETURN 'authorized';
END $$;

-- A payment was declined or is given up. What is authorized stays so, unless it is known (p_authorized) that the gateway let
-- it go; what is captured stays captured. The gateway goes on being asked for a while: a capture that comes late counts.
-- Returns 'failed', 'already', 'not_found'.
CREATE FUNCTION fail_payment(
    p_user uuid, p_payment uuid, p_reason text, p_authorized boolean, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
BEGIN
    SELECT * INTO v_payment FROM payments WHERE user_id = p_user AND payment_id = p_payment FOR UPDATE;
    IF v_payment.payment_id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_payment.status <> 'created' AND NOT (p_authorized AND v_payment.status = 'authorized') THEN
        RETURN 'already';
    END IF;
    UPDATE payments SET status = 'failed', updated_at = coalesce(p_pinned, clock_timestamp()),
        failure_reason = CASE failure_reason WHEN 'amount_mismatch' THEN failure_reason ELSE p_reason END
    WHERE user_id = p_user AND payment_id = p_payment RETURNING * INTO v_payment;
    PERFORM announce_payment('PaymentFailed', v_payment, jsonb_build_object('reason', p_reason), p_context);
    RETURN 'failed';
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
    SELECT * INTO v_moved FROM wallet_transfer(
        p_user, new_uuid7(), 'user:main', 'user:held', p_amount, 5::smallint, p_refund::text, p_refund, NULL, NULL,
        v_payment.source, v_payment.method, NULL, v_now);
    IF NOT FOUND THEN
        RETURN 'insufficient_balance';
    END IF;
    INSERT INTO refunds (user_id, refund_id, payment_id, gateway_payment_id, amount, status, from_account, reason,
                         requested_by, idempotency_key, request_hash, created_at, next_attempt_at)
    VALUES (p_user, p_refund, p_payment, v_payment.gateway_payment_id, p_amount, 'created', 'user:held', p_reason, p_by,
            p_key, p_hash, v_now, v_now);
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_user, new_uuid7(), 'RefundRequested', jsonb_build_object(
        'user_id', p_user, 'refund_id', p_refund, 'payment_id', p_payment, 'amount_paise', p_amount,
        'reason', p_reason, 'requested_by', p_by, 'changes', jsonb_build_object(
            'refunds_paise', jsonb_build_object('old', v_under_way, 'new', v_under_way + p_amount))), p_context);
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
        SELECT * INTO v_moved FROM wallet_transfer(
            p_user, new_uuid7(), 'user:held', CASE WHEN p_paid THEN 'gateway:' || v_payment.gateway ELSE 'user:main' END,
            v_refund.amount, CASE WHEN p_paid THEN 14 ELSE 7 END::smallint,
            p_refund::text, p_refund, NULL, NULL, v_payment.source, v_payment.method, NULL, v_now);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'refund % is under way, but its money is not held', p_refund;
        END IF;
    ELSIF p_paid THEN
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, source, payment_method, created_at)
        VALUES (p_user, new_uuid7(), v_refund.from_account, 'gateway:' || v_payment.gateway, v_refund.amount, 14,
                p_refund::text, p_refund, v_payment.source, v_payment.method, v_now);
    END IF;
    -- What went back of a second capture is none of the payment's own amount.
    IF p_paid AND v_refund.gateway_payment_id = v_payment.gateway_payment_id THEN
        UPDATE payments SET refunded_amount = refunded_amount + v_refund.amount, updated_at = v_now,
            status = CASE WHEN refunded_amount + v_refund.amount = amount THEN 'refunded' ELSE 'partially_refunded' END
        WHERE user_id = p_user AND payment_id = v_refund.payment_id;
    END IF;
    INSERT INTO events (user_id, id, topic, payload, context)
    VALUES (p_user, new_uuid7(), CASE WHEN p_paid THEN 'RefundProcessed' ELSE 'RefundFailed' END, jsonb_build_object(
        'user_id', p_user, 'refund_id', p_refund, 'payment_id', v_refund.payment_id,
        'amount_paise', v_refund.amount) || CASE WHEN p_paid THEN '{}'::jsonb ELSE jsonb_build_object(
        'reason', coalesce(p_reason, ''), 'in_wallet', v_refund.from_account = 'user:held') END, p_context);
    RETURN CASE WHEN p_paid THEN 'processed' ELSE 'failed' END;
END $$;

-- What a webhook says, applied. `p_body`: what is kept of it, {"payment": {...}, "refund": {...}}. A refund that the gateway
-- calls failed is asked for before its money is given back. Returns an outcome; 'unknown_order' and 'unknown_refund' where
-- it names what is not written down, yet or at all.
CREATE FUNCTION apply_gateway_event(
    p_gateway text, p_kind text, p_order text, p_body jsonb, p_limits jsonb, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_order payment_orders;
    v_paid jsonb := p_body -> 'payment';
    v_back jsonb := p_body -> 'refund';
    v_refund uuid;
BEGIN
    IF p_kind NOT IN ('payment.authorized', 'payment.captured', 'order.paid', 'payment.failed', 'refund.processed',
                      'refund.failed') THEN
        RETURN 'ignored';
    END IF;
    SELECT * INTO v_order FROM payment_orders WHERE order_id = p_order AND gateway = p_gateway;
    IF NOT FOUND THEN
        RETURN 'unknown_order';
    END IF;
    IF p_kind IN ('payment.captured', 'order.paid') THEN
        RETURN capture_payment(
            v_order.user_id, v_order.payment_id, v_paid ->> 'id', (v_paid ->> 'amount')::bigint, v_paid ->> 'currency',
            p_limits, p_context, p_pinned);
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
    UPDATE refunds SET next_attempt_at = coalesce(p_pinned, clock_timestamp())
    WHERE user_id = v_order.user_id AND refund_id = v_refund AND next_attempt_at IS NOT NULL;
    RETURN CASE WHEN FOUND THEN 'to_be_asked' ELSE 'already' END;
END $$;

-- A webhook, taken once by its event id, in one round trip. Returns what apply_gateway_event says, or 'duplicate'.
CREATE FUNCTION take_gateway_event(
    p_event text, p_gateway text, p_kind text, p_order text, p_body jsonb, p_limits jsonb, p_context jsonb,
    p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_outcome text;
    v_now timestamptz := coalesce(p_pinned, clock_timestamp());
BEGIN
    INSERT INTO gateway_events (event_id, gateway, kind, order_id, body, received_at)
    VALUES (p_event, p_gateway, p_kind, p_order, p_body, v_now) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'duplicate';
    END IF;
    v_outcome := apply_gateway_event(p_gateway, p_kind, p_order, p_body, p_limits, p_context, p_pinned);
    UPDATE gateway_events SET
        outcome = CASE WHEN v_outcome NOT LIKE 'unknown%' THEN v_outcome END,
        next_attempt_at = CASE WHEN v_outcome LIKE 'unknown%' THEN v_now + interval '5 seconds' END
    WHERE event_id = p_event;
    RETURN v_outcome;
END $$;

-- A webhook that named what was not known, once more. After a day it is parked, and the staff are told.
CREATE FUNCTION retry_gateway_event(p_event text, p_limits jsonb, p_context jsonb, p_pinned timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_event gateway_events;
    v_outcome text;
    v_now timestamptz;
BEGIN
    SELECT * INTO v_event FROM gateway_events WHERE event_id = p_event FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_event.next_attempt_at IS NULL THEN
        RETURN 'already';
    END IF;
    v_outcome := apply_gateway_event(
        v_event.gateway, v_event.kind, v_event.order_id, v_event.body, p_limits, p_context, p_pinned);
    IF v_outcome NOT LIKE 'unknown%' THEN
        UPDATE gateway_events SET outcome = v_outcome, attempts = attempts + 1, next_attempt_at = NULL
        WHERE event_id = p_event;
        RETURN v_outcome;
    ELSIF v_event.received_at < v_now - interval '24 hours' THEN
        UPDATE gateway_events SET outcome = 'parked', attempts = attempts + 1, next_attempt_at = NULL
        WHERE event_id = p_event;
        INSERT INTO events (user_id, id, topic, payload, context)
        VALUES ('00000000-0000-0000-0000-000000000000', new_uuid7(), 'GatewayEventParked', jsonb_build_object(
            'user_id', '00000000-0000-0000-0000-000000000000', 'event_id', p_event, 'gateway', v_event.gateway,
            'kind', v_event.kind, 'order_id', v_event.order_id, 'reason', v_outcome), p_context);
        RETURN 'parked';
    END IF;
    UPDATE gateway_events SET attempts = attempts + 1,
        next_attempt_at = v_now + least(interval '1 hour', interval '5 seconds' * 2 ^ least(attempts + 1, 12))
    WHERE event_id = p_event;
    RETURN v_outcome;
END $$;
