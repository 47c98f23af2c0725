-- The budget of the campaign that a use of the one-time code `p_code` belongs to; NULL if it belongs to no campaign with a budget of its own.
-- Takes no lock: which uses count against a budget never changes.
CREATE OR REPLACE FUNCTION offer_budget_of(p_offer uuid, p_code text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_budget uuid;
BEGIN
    SELECT b.budget_id INTO v_budget FROM offer_budgets AS b
    JOIN offer_codes AS c ON c.batch_id = b.budget_id WHERE c.code = p_code AND b.offer_id = p_offer;
    RETURN v_budget;
END $$;
