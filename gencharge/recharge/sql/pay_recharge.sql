-- The gateway's part of a recharge is paid: the payment has put it into user:held. Returns 'queued' if the operator is to be asked
-- now, 'delivered' if the plan could start at once, 'returned' if the recharge had been cancelled, or another payment of the same bill
-- is on its way, and the money went to the wallet, 'already' if all that was done before, 'not_found'. A bill goes over the operator's
-- channels whatever its `channel` is, as in pay_bill_from_wallet. Locks the line, the recharge, then the wallet.
CREATE OR REPLACE FUNCTION pay_recharge(p_user uuid, p_recharge uuid, p_context jsonb, p_pinned timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_now timestamptz;
    v_returned record;
    v_channel text;
    v_bill bill_payments;
    v_failed text;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_sale.status = 'failed' THEN
        IF EXISTS (SELECT FROM transfers WHERE user_id = p_user AND key = v_sale.payment_id::text
                   AND code = ledger_code('release')) THEN
            RETURN 'already';
        END IF;
        v_returned := wallet_transfer(
            p_user, new_uuid7(), 'user:held', 'user:main', v_sale.gateway_amount, ledger_code('release'),
            v_sale.payment_id::text, p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source,
            v_sale.payment_method, NULL, v_now, v_sale.operator);
        PERFORM announce_recharge('PaymentReturned', v_sale, jsonb_build_object(
            'payment_id', v_sale.payment_id, 'amount_paise', v_sale.gateway_amount), p_context);
        RETURN 'returned';
    ELSIF v_sale.status <> 'payment_pending' THEN
        RETURN 'already';
    END IF;
    UPDATE recharges SET status = 'processing' WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    IF v_sale.bill_id IS NOT NULL THEN
        SELECT * INTO v_bill FROM bill_payments WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge;
        IF EXISTS (
            SELECT FROM bill_payments AS b WHERE b.phone_number = v_bill.phone_number AND b.operator = v_bill.operator
            AND b.bill_reference = v_bill.bill_reference AND b.status = 'pending')
        THEN
            v_failed := fail_recharge(p_user, p_recharge, 'bill_payment_pending', p_context, p_pinned);
            RETURN 'returned';
        END IF;
        UPDATE bill_payments SET status = 'pending'
        WHERE phone_number = v_bill.phone_number AND recharge_id = p_recharge AND user_id = p_user;
        PERFORM queue_bill_payment(
            v_sale.user_id, v_sale.id, v_sale.phone_number, v_sale.operator, v_bill.bill_reference, v_sale.price, v_now,
            p_context ->> 'traceparent');
        PERFORM announce_recharge('RechargeAccepted', v_sale, jsonb_build_object(
            'held_paise', v_sale.gateway_amount), p_context);
        RETURN 'queued';
    END IF;
    SELECT channel INTO v_channel FROM operators WHERE code = v_sale.operator;
    IF v_channel = 'internal' THEN
        RETURN deliver_recharge(p_user, p_recharge, NULL, NULL, 0, p_context, p_pinned);
    END IF;
    PERFORM queue_fulfilment(
        v_sale.user_id, v_sale.id, v_sale.phone_number, v_sale.operator, v_sale.plan_id, v_sale.price, v_now,
        p_context ->> 'traceparent');
    PERFORM announce_recharge('RechargeAccepted', v_sale, jsonb_build_object(
        'held_paise', v_sale.wallet_amount + v_sale.gateway_amount), p_context);
    RETURN 'queued';
END $$;
