-- The number of a ledger code by its name, as `wallet.models.Code` has them (a test compares the two). Raises
-- case_not_found for another name. IMMUTABLE: PostgreSQL computes it once for each plan. Takes no lock.
CREATE OR REPLACE FUNCTION ledger_code(p_name text) RETURNS smallint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    CASE p_name
        WHEN 'opening' THEN RETURN 1;
        WHEN 'topup' THEN RETURN 2;
        WHEN 'recharge' THEN RETURN 3;
        WHEN 'refund' THEN RETURN 4;
        WHEN 'hold' THEN RETURN 5;
        WHEN 'capture' THEN RETURN 6;
        WHEN 'release' THEN RETURN 7;
        WHEN 'cashback' THEN RETURN 8;
        WHEN 'referral' THEN RETURN 9;
        WHEN 'adjustment' THEN RETURN 10;
        WHEN 'payout' THEN RETURN 11;
        WHEN 'commission' THEN RETURN 12;
        WHEN 'payment' THEN RETURN 13;
        WHEN 'source_refund' THEN RETURN 14;
        WHEN 'write_off' THEN RETURN 15;
        WHEN 'discount' THEN RETURN 16;
    END CASE;
END $$;
