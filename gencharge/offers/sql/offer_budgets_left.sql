-- What campaigns have left of the offers of `p_offers` at p_at, in paise, where a campaign with a budget of its own shares one code among
-- all: {offer_id: paise}. Takes no lock: a sale looks again.
CREATE OR REPLACE FUNCTION offer_budgets_left(p_offers uuid[], p_at timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_left jsonb;
BEGIN
    SELECT coalesce(jsonb_object_agg(b.offer_id, b.budget_paise - coalesce((
        SELECT sum(s.spent) FROM offer_slots AS s WHERE s.offer_id = b.budget_id), 0)), '{}') INTO v_left
    FROM offer_budgets AS b JOIN offers AS o ON o.offer_id = b.offer_id
    WHERE b.offer_id = ANY (p_offers) AND p_at >= b.starts_at AND p_at < b.ends_at AND NOT o.one_time_code;
    RETURN v_left;
END $$;
