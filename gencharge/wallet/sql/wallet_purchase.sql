-- A customer pays for a recharge with an offer that the operator delivers at once: `p_amount` paise from the wallet and `p_discount` from the
-- account `discount`, both to the operator; and `p_cashback` paise from the account `cashback` into the wallet. At least one of the two is
-- above 0. What wallet_transfer and ledger_transfer would do, with one change of the wallet and one statement for two rows, because an offer's
-- share of a sale is mostly its rows.
--
-- Returns the wallet after the movement; NULLs if the balance does not cover p_amount or there is no wallet: the cashback does not help to pay.
-- The rows have the codes 'recharge', 'discount' and 'cashback' and the same key. Locks the wallet's row. The order of instants is as of
-- wallet_transfer.
CREATE OR REPLACE FUNCTION wallet_purchase(
    p_user uuid, p_id uuid, p_amount bigint, p_discount bigint, p_key text, p_reference uuid, p_phone text, p_service_type text,
    p_source text, p_operator text, p_now timestamptz, p_cashback bigint DEFAULT 0, OUT posted_after bigint, OUT held_after bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_soon timestamptz := p_now + interval '1 minute';
    v_at timestamptz;
    v_account text := 'operator:' || lower(p_operator);
    v_operator text := upper(p_operator);
    v_is_cashback boolean := p_cashback > 0 AND p_discount = 0;
    v_recharge smallint := ledger_code('recharge');
    v_second smallint := CASE WHEN v_is_cashback THEN ledger_code('cashback') ELSE ledger_code('discount') END;
    -- Of the same instant as p_id and as random: a new one takes four times as long.
    v_id uuid := encode(set_byte(uuid_send(p_id), 15, 255 - get_byte(uuid_send(p_id), 15)), 'hex')::uuid;
BEGIN
    UPDATE wallets SET posted = posted - p_amount + p_cashback,
        updated_at = CASE WHEN updated_at > p_now AND updated_at < v_soon THEN updated_at ELSE p_now END
    WHERE user_id = p_user AND posted - p_amount - held >= 0
    RETURNING posted, held, updated_at INTO posted_after, held_after, v_at;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                           source, payment_method, operator, created_at)
    VALUES (p_user, p_id, 'user:main', v_account, p_amount, v_recharge, p_key, p_reference, p_phone,
            p_service_type, p_source, 'wallet', v_operator, v_at),
           (p_user, v_id, CASE WHEN v_is_cashback THEN 'cashback' ELSE 'discount' END,
            CASE WHEN v_is_cashback THEN 'user:main' ELSE v_account END,
            CASE WHEN v_is_cashback THEN p_cashback ELSE p_discount END, v_second, p_key, p_reference, p_phone,
            p_service_type, p_source, NULL, v_operator, CASE WHEN v_is_cashback THEN v_at ELSE p_now END);
    IF p_cashback > 0 AND NOT v_is_cashback THEN
        v_id := new_uuid7();
        v_second := ledger_code('cashback');
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                               source, payment_method, operator, created_at)
        VALUES (p_user, v_id, 'cashback', 'user:main', p_cashback, v_second, p_key, p_reference, p_phone, p_service_type,
                p_source, NULL, v_operator, v_at);
    END IF;
END $$;
