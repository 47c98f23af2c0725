-- Writes a recharge down whose plan can't start yet: the recharge, and its plan as 'pending' on the number. The caller
-- holds the line's lock and has moved the money. Undone as a whole where the key was taken meanwhile for another number.
CREATE OR REPLACE FUNCTION place_recharge(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan plans, p_status text, p_method text,
    p_source text, p_replace boolean, p_wallet_amount bigint, p_gateway_amount bigint, p_payment uuid,
    p_balance bigint, p_now timestamptz
) RETURNS recharges LANGUAGE plpgsql AS $$
DECLARE
    v_sale recharges;
BEGIN
    INSERT INTO recharges (
        user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
        operator, plan_type, category, price, discount, wallet_amount, gateway_amount,
        status, sold_status, payment_method, source, activation_mode, balance_after, payment_id, created_at)
    VALUES (
        p_user, p_id, p_key, p_hash, p_phone, p_plan.plan_id, p_plan.version, p_plan.name,
        p_plan.operator, p_plan.plan_type, p_plan.category, p_plan.price_paise, 0, p_wallet_amount, p_gateway_amount,
        p_status, p_status, p_method, p_source, CASE WHEN p_replace THEN 'activate' ELSE 'queue' END,
        p_balance, p_payment, p_now)
    ON CONFLICT (user_id, idempotency_key) DO NOTHING
    RETURNING * INTO v_sale;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'idempotency key taken meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    INSERT INTO active_plans (
        phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator, plan_type,
        category, is_addon, status, validity_count, validity_unit, created_at)
    VALUES (
        p_phone, p_id, p_user, p_plan.plan_id, p_plan.version, p_plan.name, p_plan.operator, p_plan.plan_type,
        p_plan.category, p_plan.is_addon, 'pending', p_plan.validity_count, p_plan.validity_unit, p_now);
    RETURN v_sale;
END $$;
