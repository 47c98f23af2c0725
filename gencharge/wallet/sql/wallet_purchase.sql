-- A customer pays for a recharge that the operator delivers at once, and the house pays the rest of its price: `p_amount` paise from the
-- wallet and `p_discount` (above 0) from the account `discount`, both to the operator. What wallet_transfer and ledger_transfer would do,
-- with the two rows written by one statement, because an offer's share of a sale is mostly its rows.
--
-- Returns the wallet after the movement; NULLs if the balance does not cover it or there is no wallet. The rows have the codes 'recharge' and
-- 'discount' and the same key. Locks the wallet's row. The order of instants is as of wallet_transfer.
CREATE OR REPLACE FUNCTION wallet_purchase(
    p_user uuid, p_id uuid, p_amount bigint, p_discount bigint, p_key text, p_reference uuid, p_phone text, p_service_type text,
    p_source text, p_operator text, p_now timestamptz, OUT posted_after bigint, OUT held_after bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_soon timestamptz := p_now + interval '1 minute';
    v_at timestamptz;
    v_account text := 'operator:' || lower(p_operator);
    v_discount_id uuid := new_uuid7();
    v_recharge smallint := ledger_code('recharge');
    v_discount smallint := ledger_code('discount');
BEGIN
    UPDATE wallets SET posted = posted - p_amount,
        updated_at = CASE WHEN updated_at > p_now AND updated_at < v_soon THEN updated_at ELSE p_now END
    WHERE user_id = p_user AND posted - p_amount - held >= 0
    RETURNING posted, held, updated_at INTO posted_after, held_after, v_at;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                           source, payment_method, operator, created_at)
    VALUES (p_user, p_id, 'user:main', v_account, p_amount, v_recharge, p_key, p_reference, p_phone,
            p_service_type, p_source, 'wallet', upper(p_operator), v_at),
           (p_user, v_discount_id, 'discount', v_account, p_discount, v_discount, p_key, p_reference, p_phone,
            p_service_type, p_source, NULL, p_operator, p_now);
END $$;
