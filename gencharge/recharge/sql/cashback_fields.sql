-- What PlanRecharged says of the cashback of a delivery: `p_paid` of the `p_cashback` paise came into the wallet, the rest was withheld for
-- cashbacks that could not be taken back. Nothing if there was no cashback. Takes no lock.
CREATE OR REPLACE FUNCTION cashback_fields(p_cashback bigint, p_paid bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF p_cashback = 0 THEN
        RETURN '{}';
    END IF;
    RETURN jsonb_build_object('cashback_paid_paise', p_paid, 'cashback_withheld_paise', p_cashback - p_paid);
END $$;
