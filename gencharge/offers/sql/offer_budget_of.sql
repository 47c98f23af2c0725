-- The budget of the campaign that a use of an offer belongs to: that of the one-time code `p_code`, or without one the budget that holds at
-- p_at. NULL if it belongs to no campaign with a budget of its own. Takes no lock: a budget never changes.
CREATE OR REPLACE FUNCTION offer_budget_of(p_offer uuid, p_code text, p_at timestamptz) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_budget uuid;
BEGIN
    IF p_code IS NULL THEN
        SELECT b.budget_id INTO v_budget FROM offer_budgets AS b
        WHERE b.offer_id = p_offer AND p_at >= b.starts_at AND p_at < b.ends_at;
    ELSE
        SELECT b.budget_id INTO v_budget FROM offer_budgets AS b
        JOIN offer_codes AS c ON c.batch_id = b.budget_id WHERE c.code = p_code AND b.offer_id = p_offer;
    END IF;
    RETURN v_budget;
END $$;
