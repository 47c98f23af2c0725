-- Moves money into, out of or within a customer's wallet: one row of `transfers` and one conditional UPDATE of the wallet
-- row, which is only a cache of those rows.
--
--   posted = balance of user:main + user:held        held = balance of user:held        available = posted - held
--
-- Returns the wallet after the movement; NULLs if the balance does not cover it, `p_balance_limit` forbids it, or there is
-- no wallet, and the caller says which. Amounts in paise. `p_code` is of ledger_code(). `p_operator` (a code) is the operator
-- that the movement concerns, by default the one whose account is on either side: staff who are limited to some operators
-- see by it.
--
-- Locks the wallet's row. A wallet's transfers are in the order of their instants: one that waited for the wallet behind
-- another took its p_now before that one was booked, and takes the other's instant instead.
CREATE OR REPLACE FUNCTION wallet_transfer(
    p_user uuid, p_id uuid, p_debit text, p_credit text, p_amount bigint, p_code smallint, p_key text,
    p_reference uuid, p_phone text, p_service_type text, p_source text, p_payment_method text,
    p_balance_limit bigint, p_now timestamptz, p_operator text DEFAULT NULL,
    OUT posted_after bigint, OUT held_after bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_posted bigint := 0;
    v_held bigint := 0;
    v_soon timestamptz := p_now + interval '1 minute';
    v_at timestamptz;
BEGIN
    IF p_credit IN ('user:main', 'user:held') THEN v_posted := v_posted + p_amount; END IF;
    IF p_debit IN ('user:main', 'user:held') THEN v_posted := v_posted - p_amount; END IF;
    IF p_credit = 'user:held' THEN v_held := v_held + p_amount; END IF;
    IF p_debit = 'user:held' THEN v_held := v_held - p_amount; END IF;

    UPDATE wallets SET posted = posted + v_posted, held = held + v_held,
        updated_at = CASE WHEN updated_at > p_now AND updated_at < v_soon THEN updated_at ELSE p_now END
    WHERE user_id = p_user
      AND posted + v_posted - (held + v_held) >= 0
      AND held + v_held >= 0
      AND (p_balance_limit IS NULL OR v_posted <= 0 OR posted + v_posted <= p_balance_limit)
    RETURNING posted, held, updated_at INTO posted_after, held_after, v_at;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                           source, payment_method, operator, created_at)
    VALUES (p_user, p_id, p_debit, p_credit, p_amount, p_code, p_key, p_reference, p_phone, p_service_type,
            p_source, p_payment_method,
            upper(coalesce(p_operator, CASE WHEN starts_with(p_credit, 'operator:') THEN substr(p_credit, 10)
                                            WHEN starts_with(p_debit, 'operator:') THEN substr(p_debit, 10) END)),
            v_at);
END $$;
