-- The gateway has the money of a payment: it goes to the wallet (topup), or is held for its recharge. If the wallet may not take
-- it (`p_limits`, as of topup_room), it goes to suspense and back to its source. `p_amount` in paise, as the gateway says.
--
-- Returns 'captured', 'over_limit', 'already', 'second' for another capture of the same order (which goes back to its source,
-- too), 'mismatch' if amount or currency are not those of the order (nothing is credited), 'not_found'.
-- Locks the payment, then the wallet.
CREATE OR REPLACE FUNCTION capture_payment(
    p_user uuid, p_payment uuid, p_gateway_payment text, p_amount bigint, p_currency text, p_limits jsonb,
    p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_payment payments;
    v_now timestamptz;
    v_moved record;
    v_left record;
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
        v_left := topup_room(p_user, p_limits, v_now);
        v_room := least(v_left.balance_left, v_left.month_left, v_left.year_left);
    END IF;
    IF v_room IS NULL OR p_amount <= v_room THEN
        v_moved := wallet_transfer(
            p_user, new_uuid7(), 'gateway:' || v_payment.gateway,
            CASE v_payment.purpose WHEN 'topup' THEN 'user:main' ELSE 'user:held' END,
            p_amount, CASE v_payment.purpose WHEN 'topup' THEN ledger_code('topup') ELSE ledger_code('payment') END,
            p_payment::text, coalesce(v_payment.reference_id, p_payment), v_payment.phone_number,
            v_payment.service_type, v_payment.source, v_payment.method, NULL, v_now, v_payment.operator);
        IF v_moved.posted_after IS NOT NULL THEN
            PERFORM announce_payment(
                'PaymentCaptured', v_payment, jsonb_build_object('payment_method', v_payment.method), p_context);
            RETURN 'captured';
        END IF;
    END IF;
    PERFORM send_payment_back(v_payment, p_gateway_payment, p_amount, 'wallet_limit', p_payment::text, v_now);
    PERFORM announce_payment('PaymentOverLimit', v_payment, '{}', p_context);
    RETURN 'over_limit';
END $$;
