-- Pays the cashback of a recharge that was delivered into the wallet; what the customer owes from cashbacks that could not be taken
-- back is withheld. Returns how many paise came into the wallet. Call it once, in the transaction of the delivery.
--
-- Locks the customer's wallet and what they owe; the caller holds the recharge.
CREATE OR REPLACE FUNCTION pay_cashback(
    p_user uuid, p_recharge uuid, p_phone text, p_service_type text, p_source text, p_operator text, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_cashback bigint;
    v_owed bigint;
    v_withheld bigint := 0;
    v_moved record;
BEGIN
    SELECT cashback INTO v_cashback FROM offer_uses WHERE user_id = p_user AND recharge_id = p_recharge AND status = 'taken';
    IF coalesce(v_cashback, 0) = 0 THEN
        RETURN 0;
    END IF;
    PERFORM FROM wallets WHERE user_id = p_user FOR NO KEY UPDATE;
    SELECT owed INTO v_owed FROM cashback_debts WHERE user_id = p_user AND owed > 0 FOR UPDATE;
    IF v_owed > 0 THEN
        v_withheld := least(v_owed, v_cashback);
        UPDATE cashback_debts SET owed = owed - v_withheld WHERE user_id = p_user;
    END IF;
    IF v_cashback > v_withheld THEN
        v_moved := wallet_transfer(
            p_user, new_uuid7(), 'cashback', 'user:main', v_cashback - v_withheld, ledger_code('cashback'), p_recharge::text,
            p_recharge, p_phone, p_service_type, p_source, NULL, NULL, p_at, p_operator);
        IF v_moved.posted_after IS NULL THEN
            RAISE EXCEPTION 'user % has no wallet', p_user;
        END IF;
    END IF;
    UPDATE offer_uses SET paid = v_cashback - v_withheld, withheld = v_withheld WHERE user_id = p_user AND recharge_id = p_recharge;
    RETURN v_cashback - v_withheld;
END $$;
