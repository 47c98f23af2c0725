-- Takes a delivered recharge back, in part or as a whole: the operator's account gives `p_amount` paise to the wallet. With the last
-- paisa the commission goes back, the plan ends, and the next queued one starts. What an offer gave goes back in proportion: the
-- cashback from what the wallet has, but not from this refund if it goes on to the source (`p_to_source`). `p_key` is the refund's id.
--
-- Returns 'refunded', 'replayed' for a key that was used before, 'too_much', 'not_delivered', 'not_found'.
-- Locks the line, the recharge, then the wallet.
CREATE OR REPLACE FUNCTION refund_recharge(
    p_user uuid, p_recharge uuid, p_amount bigint, p_key text, p_reason text, p_context jsonb, p_pinned timestamptz,
    p_to_source boolean DEFAULT false
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_now timestamptz;
    v_paid bigint;
    v_commission bigint;
    v_moved record;
    v_discount bigint;
    v_before record;
    v_after record;
    v_gift jsonb := '{}';
    v_spared bigint := CASE WHEN p_to_source THEN p_amount ELSE 0 END;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF EXISTS (SELECT FROM transfers WHERE user_id = p_user AND key = p_key AND code = ledger_code('refund')) THEN
        RETURN 'replayed';
    ELSIF v_sale.status <> 'delivered' THEN
        RETURN 'not_delivered';
    END IF;
    v_paid := v_sale.wallet_amount + v_sale.gateway_amount;
    IF p_amount <= 0 OR v_sale.refunded_amount + p_amount > v_paid THEN
        RETURN 'too_much';
    END IF;
    v_moved := wallet_transfer(
        p_user, new_uuid7(), 'operator:' || lower(v_sale.operator), 'user:main', p_amount, ledger_code('refund'), p_key,
        p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now,
        v_sale.operator);
    IF v_moved.posted_after IS NULL THEN
        RAISE EXCEPTION 'user % has no wallet', p_user;
    END IF;
    UPDATE recharges SET refunded_amount = refunded_amount + p_amount,
        status = CASE WHEN refunded_amount + p_amount = v_paid THEN 'refunded' ELSE status END
    WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    IF v_sale.offer_id IS NOT NULL THEN
        -- Every change of the use holds the recharge, so what is between the two looks is this refund's.
        SELECT due_back, taken_back INTO v_before FROM offer_uses WHERE user_id = p_user AND recharge_id = p_recharge;
        v_discount := return_offer(
            p_user, p_recharge, p_key, v_paid, v_sale.refunded_amount, v_spared, v_sale.phone_number, v_sale.plan_type,
            v_sale.source, v_sale.operator, v_now);
        IF v_discount > 0 THEN
            PERFORM ledger_transfer(
                p_user, 'operator:' || lower(v_sale.operator), 'discount', v_discount, ledger_code('discount'), p_key,
                p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, NULL, v_sale.operator, v_now);
        END IF;
        SELECT due_back, taken_back INTO v_after FROM offer_uses WHERE user_id = p_user AND recharge_id = p_recharge;
        IF v_after.due_back > v_before.due_back THEN
            v_gift := jsonb_build_object(
                'cashback_taken_paise', v_after.taken_back - v_before.taken_back,
                'cashback_owed_paise', v_after.due_back - v_before.due_back - v_after.taken_back + v_before.taken_back);
        END IF;
    END IF;
    IF v_sale.status = 'refunded' THEN
        SELECT amount INTO v_commission FROM transfers
        WHERE user_id = p_user AND key = p_recharge::text AND code = ledger_code('commission');
        IF v_commission > 0 THEN
            PERFORM ledger_transfer(
                p_user, 'revenue', 'operator:' || lower(v_sale.operator), v_commission, ledger_code('commission'),
                p_recharge::text || ':back', p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, NULL,
                v_sale.operator, v_now);
        END IF;
        UPDATE active_plans SET status = 'cancelled', ended_at = v_now
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge
          AND status IN ('active', 'queued');
        PERFORM advance_line(v_sale.phone_number, v_now, p_context);
    END IF;
    PERFORM announce_recharge('RechargeRefunded', v_sale, jsonb_build_object(
        'refund_id', p_key, 'amount_paise', p_amount, 'reason', p_reason, 'in_full', v_sale.status = 'refunded',
        'bill_id', v_sale.bill_id) || v_gift, p_context);
    RETURN 'refunded';
END $$;
