-- What is left of an offer, or of a campaign's budget (p_offer is then its budget_id): uses, and budget in paise; NULL where it has no
-- such limit. Takes no lock.
CREATE OR REPLACE FUNCTION offer_left(p_offer uuid, OUT uses bigint, OUT budget bigint) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_limits record;
    v_used record;
BEGIN
    v_limits := offer_limits(p_offer);
    SELECT coalesce(sum(s.uses), 0) AS uses, coalesce(sum(s.spent), 0) AS spent INTO v_used
    FROM offer_slots AS s WHERE s.offer_id = p_offer;
    uses := v_limits.total_uses - v_used.uses;
    budget := v_limits.budget_paise - v_used.spent;
END $$;
