-- The operator has delivered: the held money goes to the operator, the house's commission (`p_commission`, paise) comes back from
-- there, the offer's part of the price and its cashback are paid, and the plan starts or queues now. The payment of a bill has no plan. `p_operator_reference` and `p_channel` say how it was delivered.
--
-- Returns 'delivered', 'already', 'already_failed' if it had failed and the money is back (a dispute), 'not_found'.
-- Locks the line, the recharge, then the wallet.
CREATE OR REPLACE FUNCTION deliver_recharge(
    p_user uuid, p_recharge uuid, p_operator_reference text, p_channel text, p_commission bigint, p_context jsonb,
    p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_plan active_plans;
    v_running active_plans;
    v_now timestamptz;
    v_end timestamptz;
    v_paid bigint;
    v_moved record;
    v_gift jsonb := '{}';
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_sale.status IN ('delivered', 'refunded') THEN
        RETURN 'already';
    ELSIF v_sale.status NOT IN ('processing', 'unknown') THEN
        RETURN 'already_failed';
    END IF;
    PERFORM advance_line(v_sale.phone_number, v_now, p_context);

    v_paid := v_sale.wallet_amount + v_sale.gateway_amount;
    v_moved := wallet_transfer(
        p_user, new_uuid7(), 'user:held', 'operator:' || lower(v_sale.operator), v_paid, ledger_code('capture'),
        p_recharge::text, p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now,
        v_sale.operator);
    IF v_moved.posted_after IS NULL THEN
        RAISE EXCEPTION 'recharge % is under way, but % paise of it are not held', p_recharge, v_paid;
    END IF;
    IF v_sale.offer_id IS NOT NULL THEN
        v_gift := cashback_fields(v_sale.cashback, settle_offer(v_sale, v_now));
    END IF;
    IF v_sale.talktime IS NOT NULL THEN
        v_gift := v_gift || jsonb_build_object('talktime_paise', v_sale.talktime);
    END IF;
    IF p_commission > 0 THEN
        PERFORM ledger_transfer(
            p_user, 'operator:' || lower(v_sale.operator), 'revenue', p_commission, ledger_code('commission'),
            p_recharge::text, p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, NULL, v_sale.operator,
            v_now);
    END IF;

    IF v_sale.bill_id IS NOT NULL THEN
        UPDATE bill_payments SET status = 'paid', ended_at = v_now
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge AND user_id = p_user;
        UPDATE recharges SET status = 'delivered', completed_at = v_now, operator_reference = p_operator_reference,
                             channel = p_channel
        WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
        PERFORM end_fulfilment(p_user, p_recharge, 'settled', NULL);
        PERFORM announce_recharge('BillPaid', v_sale, jsonb_build_object(
            'bill_id', v_sale.bill_id, 'total_paid_paise', v_paid, 'payment_method', v_sale.payment_method,
            'source', v_sale.source), p_context);
        RETURN 'delivered';
    END IF;

    SELECT * INTO v_plan FROM active_plans WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge;
    SELECT * INTO v_running FROM active_plans
    WHERE phone_number = v_sale.phone_number AND status = 'active' AND NOT is_addon;
    IF v_running.recharge_id IS NOT NULL AND NOT v_plan.is_addon AND v_sale.activation_mode = 'activate' THEN
        UPDATE active_plans SET status = 'replaced', ended_at = v_now
        WHERE phone_number = v_sale.phone_number AND recharge_id = v_running.recharge_id;
    END IF;
    IF v_plan.is_addon OR v_running.recharge_id IS NULL OR v_sale.activation_mode = 'activate' THEN
        -- An add-on was delivered even if its base plan has ended since; it ends at once.
        IF v_plan.validity_unit = 'base_plan' THEN
            v_end := coalesce(v_running.valid_until, v_now);
        ELSE
            v_end := validity_end(v_now, v_plan.validity_count, v_plan.validity_unit);
        END IF;
        UPDATE active_plans SET status = 'active', valid_from = v_now, valid_until = v_end
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge RETURNING * INTO v_plan;
    ELSE
        UPDATE active_plans SET status = 'queued'
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge RETURNING * INTO v_plan;
    END IF;

    -- What it was sold as stays: a repeat of the request gets its first answer.
    UPDATE recharges SET status = 'delivered', completed_at = v_now, operator_reference = p_operator_reference,
                         channel = p_channel
    WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    PERFORM end_fulfilment(p_user, p_recharge, 'settled', NULL);
    PERFORM announce_recharge('PlanRecharged', v_sale, jsonb_build_object(
        'plan_id', v_sale.plan_id, 'status', v_plan.status, 'total_paid_paise', v_paid,
        'payment_method', v_sale.payment_method, 'source', v_sale.source,
        'valid_from', v_plan.valid_from, 'valid_until', v_plan.valid_until) || v_gift, p_context);
    RETURN 'delivered';
END $$;
