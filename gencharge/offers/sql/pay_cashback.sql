-- Pays the cashback of a recharge that was delivered into the wallet; what the customer owes from cashbacks that could not be taken
-- back is withheld. Returns how many paise came into the wallet. Call it once, in the transaction of the delivery, after its movement
-- of the wallet: that holds the wallet's lock, which what is owed is read under.
--
-- Locks what they owe, then the use.
CREATE OR REPLACE FUNCTION pay_cashback(
    p_user uuid, p_recharge uuid, p_phone text, p_service_type text, p_source text, p_operator text, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_owed bigint;
    v_paid bigint;
    v_withheld bigint;
    v_moved record;
BEGIN
    SELECT owed INTO v_owed FROM cashback_debts WHERE user_id = p_user AND owed > 0 FOR UPDATE;
    v_owed := coalesce(v_owed, 0);
    UPDATE offer_uses SET paid = cashback - least(cashback, v_owed), withheld = least(cashback, v_owed)
    WHERE user_id = p_user AND recharge_id = p_recharge AND status = 'taken' AND cashback > 0
    RETURNING paid, withheld INTO v_paid, v_withheld;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    IF v_withheld > 0 THEN
        UPDATE cashback_debts SET owed = owed - v_withheld WHERE user_id = p_user;
    END IF;
    IF v_paid > 0 THEN
        v_moved := wallet_transfer(
            p_user, new_uuid7(), 'cashback', 'user:main', v_paid, ledger_code('cashback'), p_recharge::text,
            p_recharge, p_phone, p_service_type, p_source, NULL, NULL, p_at, p_operator);
        IF v_moved.posted_after IS NULL THEN
            RAISE EXCEPTION 'user % has no wallet', p_user;
        END IF;
    END IF;
    RETURN v_paid;
END $$;
