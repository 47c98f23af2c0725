-- The door of 0004, which now writes down the operator that a movement concerns (its code, upper case): the one given,
-- else the one whose account is on either side. An admin whose role is limited to some operators sees by it.
--
--   posted = balance of user:main + user:held        held = balance of user:held        available = posted - held
--
-- A wallet's transfers are in the order of their instants: one that waited for the wallet behind another took its p_now
-- before that one was booked, and takes the other's instant instead, or the balance at an instant between the two would
-- be one that never was.
--
-- Returns the wallet after the movement; no row where the balance does not cover it, the limit forbids it, or there is
-- no wallet. The caller says which. Amounts in paise.
CREATE OR REPLACE FUNCTION wallet_transfer(
    p_user uuid, p_id uuid, p_debit text, p_credit text, p_amount bigint, p_code smallint, p_key text,
    p_reference uuid, p_phone text, p_service_type text, p_source text, p_payment_method text,
    p_balance_limit bigint, p_now timestamptz, p_operator text DEFAULT NULL
) RETURNS TABLE (posted_after bigint, held_after bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_posted bigint := 0;
    v_held bigint := 0;
BEGIN
    IF p_credit IN ('user:main', 'user:held') THEN v_posted := v_posted + p_amount; END IF;
    IF p_debit IN ('user:main', 'user:held') THEN v_posted := v_posted - p_amount; END IF;
    IF p_credit = 'user:held' THEN v_held := v_held + p_amount; END IF;
    IF p_debit = 'user:held' THEN v_held := v_held - p_amount; END IF;

    RETURN QUERY WITH moved AS (
        UPDATE wallets SET posted = posted + v_posted, held = held + v_held,
            updated_at = CASE WHEN updated_at > p_now AND updated_at < p_now + interval '1 minute'
                              THEN updated_at ELSE p_now END
        WHERE user_id = p_user
          AND posted + v_posted - (held + v_held) >= 0
          AND held + v_held >= 0
          AND (p_balance_limit IS NULL OR v_posted <= 0 OR posted + v_posted <= p_balance_limit)
        RETURNING posted, held, updated_at
    ), booked AS (
        INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                               source, payment_method, operator, created_at)
        SELECT p_user, p_id, p_debit, p_credit, p_amount, p_code, p_key, p_reference, p_phone, p_service_type,
               p_source, p_payment_method,
               upper(coalesce(p_operator, CASE WHEN starts_with(p_credit, 'operator:') THEN substr(p_credit, 10)
                                               WHEN starts_with(p_debit, 'operator:') THEN substr(p_debit, 10) END)),
               updated_at
        FROM moved
    )
    SELECT posted, held FROM moved;
END $$;
