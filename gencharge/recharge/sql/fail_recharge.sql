-- It is proven that the operator did not deliver, or nobody paid: what is held for the recharge goes back to the wallet, and the use of
-- its offer is free again.
-- `p_reason` is for the customer. Returns 'failed', 'already', 'delivered' if it had been delivered (nothing is changed),
-- 'not_found'. Locks the line, the recharge, then the wallet.
CREATE OR REPLACE FUNCTION fail_recharge(p_user uuid, p_recharge uuid, p_reason text, p_context jsonb, p_pinned timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_now timestamptz;
    v_held bigint;
    v_moved record;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_sale.status = 'failed' THEN
        RETURN 'already';
    ELSIF v_sale.status NOT IN ('payment_pending', 'processing', 'unknown') THEN
        RETURN 'delivered';
    END IF;
    v_held := v_sale.wallet_amount
        + CASE WHEN v_sale.status = 'payment_pending' THEN 0 ELSE v_sale.gateway_amount END;
    IF v_held > 0 THEN
        v_moved := wallet_transfer(
            p_user, new_uuid7(), 'user:held', 'user:main', v_held, ledger_code('release'), p_recharge::text, p_recharge,
            v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now, v_sale.operator);
        IF v_moved.posted_after IS NULL THEN
            RAISE EXCEPTION 'recharge % is under way, but % paise of it are not held', p_recharge, v_held;
        END IF;
    END IF;
    IF v_sale.offer_id IS NOT NULL THEN
        PERFORM return_offer(
            p_user, p_recharge, p_recharge::text, 1, 1, 0, v_sale.phone_number, v_sale.plan_type, v_sale.source,
            v_sale.operator, v_now);
    END IF;
    UPDATE recharges SET status = 'failed', failure_reason = p_reason, completed_at = v_now
    WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    UPDATE active_plans SET status = 'cancelled', ended_at = v_now
    WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge;
    UPDATE bill_payments SET status = 'failed', ended_at = v_now
    WHERE v_sale.bill_id IS NOT NULL AND phone_number = v_sale.phone_number AND recharge_id = p_recharge;
    PERFORM end_fulfilment(p_user, p_recharge, 'failed', p_reason);
    PERFORM announce_recharge('RechargeFailed', v_sale, jsonb_build_object(
        'reason', p_reason, 'refunded_paise', v_held, 'bill_id', v_sale.bill_id), p_context);
    RETURN 'failed';
END $$;
