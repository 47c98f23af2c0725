-- Counts a use of an offer that costs `p_cost` paise against the budget of the campaign that it belongs to, if there is one: that of the
-- one-time code `p_code`, or else the one that holds at p_at.
--
--   is_spent  true if the budget has not as much left: nothing was counted
--   budget    its id, NULL if the use belongs to no campaign with a budget
--   slot      where it was counted
--
-- Locks a slot of the budget, after one of the offer; all of them if it is divided again.
CREATE OR REPLACE FUNCTION take_offer_budget(
    p_offer uuid, p_user uuid, p_code text, p_cost bigint, p_at timestamptz,
    OUT is_spent boolean, OUT budget uuid, OUT slot integer
) LANGUAGE plpgsql AS $$
BEGIN
    is_spent := false;
    IF p_code IS NULL THEN
        SELECT b.budget_id INTO budget FROM offer_budgets AS b
        WHERE b.offer_id = p_offer AND p_at >= b.starts_at AND p_at < b.ends_at;
    ELSE
        SELECT b.budget_id INTO budget FROM offer_budgets AS b
        JOIN offer_codes AS c ON c.batch_id = b.budget_id WHERE c.code = p_code AND b.offer_id = p_offer;
    END IF;
    IF budget IS NOT NULL THEN
        slot := take_offer_slot(budget, p_user, p_cost);
        is_spent := slot IS NULL;
    END IF;
END $$;
