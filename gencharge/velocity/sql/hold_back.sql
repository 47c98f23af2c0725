-- Writes down that a rule refused something, for the staff: one row for each customer, rule and subject in an hour, which a repeat
-- counts up. A new row is announced. `p_subject` is the number that the rule is about, or empty. Amounts in paise.
--
-- Returns what the refusal has to say, as JSON: {"rule", "bound", "free_at"}. `p_free_at` is when the same may be tried again; NULL:
-- it never fits the bound. Locks the row that it counts up.
CREATE OR REPLACE FUNCTION hold_back(
    p_user uuid, p_rule text, p_kind text, p_subject text, p_amount bigint, p_phone text, p_session uuid, p_bound bigint,
    p_free_at timestamptz, p_context jsonb, p_at timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid := new_uuid7();
    v_from timestamptz := date_trunc('hour', p_at);
    v_address text := coalesce(p_context ->> 'address', '');
    v_counted uuid;
BEGIN
    INSERT INTO held_back AS h (user_id, held_back_id, rule, kind, subject, window_from, amount, phone_number, session_id,
                                address, bound, attempts, first_at, last_at)
    VALUES (p_user, v_id, p_rule, p_kind, p_subject, v_from, p_amount, p_phone, p_session, v_address, p_bound, 1, p_at, p_at)
    ON CONFLICT (user_id, rule, subject, window_from) DO UPDATE
    SET attempts = h.attempts + 1, amount = EXCLUDED.amount, phone_number = EXCLUDED.phone_number,
        session_id = EXCLUDED.session_id, address = EXCLUDED.address, bound = EXCLUDED.bound,
        last_at = greatest(h.last_at, EXCLUDED.last_at)
    RETURNING held_back_id INTO v_counted;
    IF v_counted = v_id THEN
        PERFORM add_event(p_user, 'PaymentHeldBack', jsonb_build_object(
            'user_id', p_user, 'held_back_id', v_id, 'rule', p_rule, 'kind', p_kind, 'amount_paise', p_amount,
            'phone_number', p_phone), p_context);
    END IF;
    RETURN jsonb_build_object('rule', p_rule, 'bound', p_bound, 'free_at', extract(epoch FROM p_free_at));
END $$;
