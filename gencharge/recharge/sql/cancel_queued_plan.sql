-- Gives a plan back that was bought and has not started: all that is left of its price goes into the wallet, and what an offer
-- gave goes back, as refund_recharge does it. `p_refund` is the refund's id. Of two calls the later one finds it cancelled and changes nothing.
--
-- Returns 'cancelled'; 'not_queued' if it runs, is over or never was in the queue; 'not_found'. `plan` is the plan as it is now, `amount` what went back
-- in paise. Locks the line, the recharge, then the wallet.
CREATE OR REPLACE FUNCTION cancel_queued_plan(
    p_user uuid, p_recharge uuid, p_refund uuid, p_reason text, p_context jsonb, p_pinned timestamptz,
    OUT outcome text, OUT amount bigint, OUT plan active_plans
) LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_now timestamptz;
    v_refunded text;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    IF v_sale.id IS NULL THEN
        outcome := 'not_found';
        RETURN;
    END IF;
    -- After the wait for the lock. What has to start by now is not cancelled any more.
    v_now := coalesce(p_pinned, clock_timestamp());
    PERFORM advance_line(v_sale.phone_number, v_now, p_context);
    SELECT * INTO plan FROM active_plans WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge;
    IF plan.status IS DISTINCT FROM 'queued' THEN
        outcome := 'not_queued';
        RETURN;
    END IF;
    amount := v_sale.wallet_amount + v_sale.gateway_amount - v_sale.refunded_amount;
    v_refunded := refund_recharge(p_user, p_recharge, amount, p_refund::text, p_reason, p_context, p_pinned);
    IF v_refunded <> 'refunded' THEN
        RAISE EXCEPTION 'recharge % waits in the queue, but can not be refunded: %', p_recharge, v_refunded;
    END IF;
    PERFORM announce_recharge('QueuedPlanCancelled', v_sale, jsonb_build_object(
        'refund_id', p_refund, 'amount_paise', amount), p_context);
    outcome := 'cancelled';
END $$;
