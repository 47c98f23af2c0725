-- The talktime in paise that the operator credits for `p_amount` paise of a plan of any amount, as the tariff is now: the value without
-- the tax, rounded to the paisa, halves up, less the processing fee, which is rounded down; never below zero. NULL if the tariff does
-- not say, and for a plan with one price, whose benefits say it. `TalktimeRule` in plans/models.py says the same. Takes no lock.
CREATE OR REPLACE FUNCTION talktime_of(p_plan uuid, p_amount bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_rule record;
    v_gross bigint;
BEGIN
    SELECT p.gst_percent, p.fee_basis_points, p.fee_cap_paise INTO v_rule FROM plans AS p WHERE p.plan_id = p_plan;
    IF v_rule.gst_percent IS NULL THEN
        RETURN NULL;
    END IF;
    v_gross := 100 + v_rule.gst_percent;
    RETURN greatest(0, (p_amount * 200 + v_gross) / (2 * v_gross)
        - least(v_rule.fee_cap_paise, p_amount * v_rule.fee_basis_points / 10000));
END $$;
