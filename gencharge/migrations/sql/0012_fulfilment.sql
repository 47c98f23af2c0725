-- The ends of a recharge that is under way. Each takes the line's lock first, then the recharge's row, then the wallet,
-- and looks at the state only then: whoever comes second (a callback, a status check, a sweep, an admin) finds it done.

-- The recharge's row, locked, once its number's line is.
CREATE FUNCTION lock_recharge(p_user uuid, p_recharge uuid) RETURNS recharges LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
BEGIN
    SELECT * INTO v_sale FROM recharges WHERE user_id = p_user AND id = p_recharge;
    IF FOUND THEN
        PERFORM lock_line(v_sale.phone_number);
        SELECT * INTO v_sale FROM recharges WHERE user_id = p_user AND id = p_recharge FOR UPDATE;
    END IF;
    RETURN v_sale;
END $$;

-- The gateway's part is there (the payment has put it into user:held). Returns 'queued' where the operator is to be
-- asked now, 'delivered' where the plan could start at once, 'returned' where the recharge had been given up and the
-- money went to the wallet, 'already' where all that was done before, 'not_found'.
CREATE FUNCTION pay_recharge(p_user uuid, p_recharge uuid, p_context jsonb, p_pinned timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_now timestamptz;
    v_returned record;
    v_channel text;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_sale.status = 'failed' THEN
        IF EXISTS (SELECT FROM transfers WHERE user_id = p_user AND key = v_sale.payment_id::text AND code = 7) THEN
            RETURN 'already';
        END IF;
        SELECT * INTO v_returned FROM wallet_transfer(
            p_user, new_uuid7(), 'user:held', 'user:main', v_sale.gateway_amount, 7::smallint, v_sale.payment_id::text,
            p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now,
            v_sale.operator);
        PERFORM announce_recharge('PaymentReturned', v_sale, jsonb_build_object(
            'payment_id', v_sale.payment_id, 'amount_paise', v_sale.gateway_amount), p_context);
        RETURN 'returned';
    ELSIF v_sale.status <> 'payment_pending' THEN
        RETURN 'already';
    END IF;
    UPDATE recharges SET status = 'processing' WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    SELECT channel INTO v_channel FROM operators WHERE code = v_sale.operator;
    IF v_channel = 'internal' THEN
        RETURN deliver_recharge(p_user, p_recharge, NULL, NULL, 0, p_context, p_pinned);
    END IF;
    PERFORM queue_fulfilment(v_sale, v_now);
    PERFORM announce_recharge('RechargeAccepted', v_sale, jsonb_build_object(
        'held_paise', v_sale.wallet_amount + v_sale.gateway_amount), p_context);
    RETURN 'queued';
END $$;

-- The operator has it: the held money goes to the operator, the house's commission back from there, the plan starts or
-- queues at this instant. Returns 'delivered', 'already', 'given_up' where it had failed and the money is back (a
-- dispute), 'not_found'.
CREATE FUNCTION deliver_recharge(
    p_user uuid, p_recharge uuid, p_operator_reference text, p_channel text, p_commission bigint, p_context jsonb,
    p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_plan active_plans;
    v_running active_plans;
    v_now timestamptz;
    v_paid bigint;
    v_moved record;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF v_sale.status IN ('delivered', 'refunded') THEN
        RETURN 'already';
    ELSIF v_sale.status NOT IN ('processing', 'unknown') THEN
        RETURN 'given_up';
    END IF;
    PERFORM advance_line(v_sale.phone_number, v_now, p_context);

    v_paid := v_sale.wallet_amount + v_sale.gateway_amount;
    SELECT * INTO v_moved FROM wallet_transfer(
        p_user, new_uuid7(), 'user:held', 'operator:' || lower(v_sale.operator), v_paid, 6::smallint, p_recharge::text,
        p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now,
        v_sale.operator);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'recharge % is under way, but % paise of it are not held', p_recharge, v_paid;
    END IF;
    IF p_commission > 0 THEN
        SELECT * INTO v_moved FROM wallet_transfer(
            p_user, new_uuid7(), 'operator:' || lower(v_sale.operator), 'revenue', p_commission, 12::smallint,
            p_recharge::text, p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, NULL, NULL, v_now,
            v_sale.operator);
    END IF;

    SELECT * INTO v_plan FROM active_plans WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge;
    SELECT * INTO v_running FROM active_plans
    WHERE phone_number = v_sale.phone_number AND status = 'active' AND NOT is_addon;
    IF v_running.recharge_id IS NOT NULL AND NOT v_plan.is_addon AND v_sale.activation_mode = 'activate' THEN
        UPDATE active_plans SET status = 'replaced', ended_at = v_now
        WHERE phone_number = v_sale.phone_number AND recharge_id = v_running.recharge_id;
    END IF;
    IF v_plan.is_addon OR v_running.recharge_id IS NULL OR v_sale.activation_mode = 'activate' THEN
        -- An add-on whose base plan ended meanwhile was delivered all the same; it ends at once.
        UPDATE active_plans SET status = 'active', valid_from = v_now,
            valid_until = CASE validity_unit WHEN 'base_plan' THEN coalesce(v_running.valid_until, v_now)
                          ELSE validity_end(v_now, validity_count, validity_unit) END
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge RETURNING * INTO v_plan;
    ELSE
        UPDATE active_plans SET status = 'queued'
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge RETURNING * INTO v_plan;
    END IF;

    -- What it was sold as stays: a repeat of the request gets its first answer.
    UPDATE recharges SET status = 'delivered', completed_at = v_now, operator_reference = p_operator_reference,
                         channel = p_channel
    WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    UPDATE fulfilments SET state = 'settled', next_attempt_at = NULL, leased_until = NULL
    WHERE user_id = p_user AND recharge_id = p_recharge;
    PERFORM announce_recharge('PlanRecharged', v_sale, jsonb_build_object(
        'plan_id', v_sale.plan_id, 'status', v_plan.status, 'total_paid_paise', v_paid,
        'payment_method', v_sale.payment_method, 'source', v_sale.source,
        'valid_from', v_plan.valid_from, 'valid_until', v_plan.valid_until), p_context);
    RETURN 'delivered';
END $$;

-- It is proven that the operator does not have it, or nobody paid: whatever is held for it goes back to the wallet.
-- Returns 'failed', 'already', 'delivered' where it had been delivered (nothing is changed), 'not_found'.
CREATE FUNCTION fail_recharge(p_user uuid, p_recharge uuid, p_reason text, p_context jsonb, p_pinned timestamptz)
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
        SELECT * INTO v_moved FROM wallet_transfer(
            p_user, new_uuid7(), 'user:held', 'user:main', v_held, 7::smallint, p_recharge::text, p_recharge,
            v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now, v_sale.operator);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'recharge % is under way, but % paise of it are not held', p_recharge, v_held;
        END IF;
    END IF;
    UPDATE recharges SET status = 'failed', failure_reason = p_reason, completed_at = v_now
    WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    UPDATE active_plans SET status = 'cancelled', ended_at = v_now
    WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge;
    UPDATE fulfilments SET state = 'failed', next_attempt_at = NULL, leased_until = NULL, last_error = p_reason
    WHERE user_id = p_user AND recharge_id = p_recharge;
    PERFORM announce_recharge('RechargeFailed', v_sale, jsonb_build_object(
        'reason', p_reason, 'refunded_paise', v_held), p_context);
    RETURN 'failed';
END $$;

-- A delivered recharge is taken back, in part or as a whole: the operator's account gives the money to the wallet. With
-- the last paisa the plan ends and the next queued one starts. Returns 'refunded', 'replayed' for a key that was used
-- before, 'too_much', 'not_delivered', 'not_found'.
CREATE FUNCTION refund_recharge(
    p_user uuid, p_recharge uuid, p_amount bigint, p_key text, p_reason text, p_context jsonb, p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
    v_now timestamptz;
    v_paid bigint;
    v_commission bigint;
    v_moved record;
BEGIN
    v_sale := lock_recharge(p_user, p_recharge);
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_sale.id IS NULL THEN
        RETURN 'not_found';
    ELSIF EXISTS (SELECT FROM transfers WHERE user_id = p_user AND key = p_key AND code = 4) THEN
        RETURN 'replayed';
    ELSIF v_sale.status <> 'delivered' THEN
        RETURN 'not_delivered';
    END IF;
    v_paid := v_sale.wallet_amount + v_sale.gateway_amount;
    IF p_amount <= 0 OR v_sale.refunded_amount + p_amount > v_paid THEN
        RETURN 'too_much';
    END IF;
    SELECT * INTO v_moved FROM wallet_transfer(
        p_user, new_uuid7(), 'operator:' || lower(v_sale.operator), 'user:main', p_amount, 4::smallint, p_key,
        p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, v_sale.payment_method, NULL, v_now,
        v_sale.operator);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'user % has no wallet', p_user;
    END IF;
    UPDATE recharges SET refunded_amount = refunded_amount + p_amount,
        status = CASE WHEN refunded_amount + p_amount = v_paid THEN 'refunded' ELSE status END
    WHERE user_id = p_user AND id = p_recharge RETURNING * INTO v_sale;
    IF v_sale.status = 'refunded' THEN
        SELECT amount INTO v_commission FROM transfers
        WHERE user_id = p_user AND key = p_recharge::text AND code = 12;
        IF v_commission > 0 THEN
            SELECT * INTO v_moved FROM wallet_transfer(
                p_user, new_uuid7(), 'revenue', 'operator:' || lower(v_sale.operator), v_commission, 12::smallint,
                p_recharge::text || ':back', p_recharge, v_sale.phone_number, v_sale.plan_type, v_sale.source, NULL,
                NULL, v_now, v_sale.operator);
        END IF;
        UPDATE active_plans SET status = 'cancelled', ended_at = v_now
        WHERE phone_number = v_sale.phone_number AND recharge_id = p_recharge
          AND status IN ('active', 'queued');
        PERFORM advance_line(v_sale.phone_number, v_now, p_context);
    END IF;
    PERFORM announce_recharge('RechargeRefunded', v_sale, jsonb_build_object(
        'amount_paise', p_amount, 'reason', p_reason, 'in_full', v_sale.status = 'refunded'), p_context);
    RETURN 'refunded';
END $$;
