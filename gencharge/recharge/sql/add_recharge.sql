-- Writes a sale down: the recharge, and its plan on the number. The caller holds the line's lock, with bounds the wallet's, too, and has
-- moved the money. Returns its id. Raises serialization_failure if another number's sale took the key since it was looked up: all
-- is undone, and the next attempt finds that recharge. Raises unique_violation (uq_recharges_caller_reference) if the caller's reference
-- names another recharge of theirs. Two statements, because the two rows have different owners.
--
-- p_bounds: with those of the velocity rules (in the order of VelocityRule, paise) it raises GC001 if one may be broken, and all is
-- undone; recharge_from_wallet then looks closer with p_careful. Counted here, they cost the sale no statement of their own. NULL:
-- no bounds.
CREATE OR REPLACE FUNCTION add_recharge(p_sale recharges, p_plan active_plans, p_bounds bigint[] DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_minutes timestamptz := p_sale.created_at - interval '10 minutes';
    v_day timestamptz := p_sale.created_at - interval '24 hours';
    -- What has no bound passes.
    v_recent bigint := coalesce(p_bounds[1], 9223372036854775807);
    v_sold bigint := coalesce(least(p_bounds[2], p_bounds[4]), 9223372036854775807);
    v_sum bigint := coalesce(p_bounds[3], 9223372036854775807) - p_sale.price;
    v_cautious bigint := coalesce(p_bounds[9], 9223372036854775807) - p_sale.price;
    v_of_number bigint := coalesce(least(p_bounds[5], p_bounds[6]), 9223372036854775807);
BEGIN
    INSERT INTO recharges (
        user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
        operator, plan_type, category, price, discount, wallet_amount, gateway_amount,
        status, sold_status, payment_method, source, activation_mode, sold_valid_from, sold_valid_until,
        replaced_plan_name, replaced_valid_until, balance_after, payment_id, offer_id, cashback, created_at, completed_at, circle,
        caller_reference, caller_metadata, talktime)
    SELECT
        p_sale.user_id, p_sale.id, p_sale.idempotency_key, p_sale.request_hash, p_sale.phone_number, p_sale.plan_id,
        p_sale.plan_version, p_sale.plan_name, p_sale.operator, p_sale.plan_type, p_sale.category, p_sale.price,
        p_sale.discount, p_sale.wallet_amount, p_sale.gateway_amount, p_sale.status, p_sale.sold_status,
        p_sale.payment_method, p_sale.source, p_sale.activation_mode, p_sale.sold_valid_from, p_sale.sold_valid_until,
        p_sale.replaced_plan_name, p_sale.replaced_valid_until, p_sale.balance_after, p_sale.payment_id,
        p_sale.offer_id, p_sale.cashback, p_sale.created_at, p_sale.completed_at, p_sale.circle,
        p_sale.caller_reference, p_sale.caller_metadata, p_sale.talktime
    FROM (SELECT count(*) FILTER (WHERE created_at > v_minutes) AS recent, count(*) AS sold, coalesce(sum(price), 0) AS total
          FROM recharges WHERE user_id = p_sale.user_id AND created_at > v_day AND status <> 'failed') AS day
    WHERE p_bounds IS NULL OR (day.recent < v_recent AND day.sold < v_sold AND day.total <= v_sum
        -- Looked up for the few who spend so much in a day.
        AND (day.total <= v_cautious OR caution_until(p_sale.user_id, p_sale.created_at) IS NULL)
        -- The payers of an address and of a device are counted for those with a caution only.
        AND (coalesce(p_bounds[10], p_bounds[11]) IS NULL OR NOT EXISTS (
            SELECT FROM velocity_cautions WHERE user_id = p_sale.user_id AND ends_at > p_sale.created_at)))
    ON CONFLICT (user_id, idempotency_key) DO NOTHING;
    IF NOT FOUND THEN
        PERFORM FROM recharges WHERE user_id = p_sale.user_id AND idempotency_key = p_sale.idempotency_key;
        IF FOUND OR p_bounds IS NULL THEN
            RAISE EXCEPTION 'the idempotency key was taken by another sale' USING ERRCODE = 'serialization_failure';
        END IF;
        RAISE EXCEPTION 'the customer may be at a velocity bound' USING ERRCODE = 'GC001';
    END IF;
    INSERT INTO active_plans (
        phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator, plan_type,
        category, is_addon, status, validity_count, validity_unit, valid_from, valid_until, created_at, circle)
    SELECT
        p_plan.phone_number, p_plan.recharge_id, p_plan.user_id, p_plan.plan_id, p_plan.plan_version, p_plan.plan_name,
        p_plan.operator, p_plan.plan_type, p_plan.category, p_plan.is_addon, p_plan.status, p_plan.validity_count,
        p_plan.validity_unit, p_plan.valid_from, p_plan.valid_until, p_plan.created_at, p_plan.circle
    FROM (SELECT count(*) AS sold FROM active_plans
          WHERE phone_number = p_plan.phone_number AND created_at > v_day AND status <> 'cancelled') AS day
    WHERE p_bounds IS NULL OR day.sold < v_of_number;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the number may be at a velocity bound' USING ERRCODE = 'GC001';
    END IF;
    RETURN p_sale.id;
END $$;
