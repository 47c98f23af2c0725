-- What recharge_terms says of a plan for a number, and what the wallet can pay: `available` in paise, NULL if the customer
-- has no wallet. Reads only and takes no lock. `p_pinned` is the instant, by default now; p_stated as of recharge_terms.
CREATE OR REPLACE FUNCTION quote_recharge(
    p_user uuid, p_phone text, p_plan uuid, p_hint text, p_replace boolean, p_pinned timestamptz,
    p_stated jsonb DEFAULT NULL,
    OUT outcome text, OUT known text, OUT price bigint, OUT plan active_plans, OUT running active_plans,
    OUT available bigint
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_now timestamptz := coalesce(p_pinned, clock_timestamp());
    v_terms record;
BEGIN
    v_terms := recharge_terms(p_user, p_phone, p_plan, p_hint, p_replace, true, 0, v_now, p_stated);
    outcome := v_terms.outcome;
    known := v_terms.known;
    price := v_terms.price;
    plan := v_terms.plan;
    running := v_terms.running;
    SELECT w.posted - w.held INTO available FROM wallets AS w WHERE w.user_id = p_user;
END $$;
