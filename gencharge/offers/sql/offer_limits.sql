-- The limits of an offer, or of a campaign's budget (p_offer is then its budget_id): uses, and budget in paise; NULL where it has no
-- such limit. VOLATILE, so that split_offer, which has waited for its locks, sees what was committed until then. Takes no lock.
CREATE OR REPLACE FUNCTION offer_limits(p_offer uuid, OUT total_uses bigint, OUT budget_paise bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.total_uses, o.budget_paise INTO total_uses, budget_paise FROM offers AS o WHERE o.offer_id = p_offer;
    IF NOT FOUND THEN
        SELECT b.budget_paise INTO budget_paise FROM offer_budgets AS b WHERE b.budget_id = p_offer;
    END IF;
END $$;
