-- Writes the end of a step of an autopay, with its try and its event, in one round trip: if the autopay is active and still at the step
-- that the worker claimed (p_due, p_tries, p_cycle, p_recharge); otherwise nothing happens. The lease is given back.
--
-- p_values: columns of autopays and what they become, by name; the others stay. p_attempt: the columns of a row of autopay_attempts;
-- NULL: no try. p_topic: of the event, with p_payload, p_context and p_event as of add_event; NULL: none. p_at: now.
-- Returns whether it was written. Locks the autopay.
CREATE OR REPLACE FUNCTION end_autopay_step(
    p_user uuid, p_autopay uuid, p_due timestamptz, p_tries integer, p_cycle integer, p_recharge uuid, p_values jsonb,
    p_attempt jsonb, p_topic text, p_payload jsonb, p_context jsonb, p_event uuid, p_at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_row autopays;
    v_attempt autopay_attempts;
    v_event uuid;
BEGIN
    SELECT * INTO v_row FROM autopays
    WHERE user_id = p_user AND autopay_id = p_autopay AND status = 'active' AND next_due = p_due AND tries = p_tries
        AND cycle = p_cycle AND recharge_id IS NOT DISTINCT FROM p_recharge
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_row := jsonb_populate_record(v_row, p_values);
    UPDATE autopays SET
        status = v_row.status, pause_reason = v_row.pause_reason, price = v_row.price, periods = v_row.periods,
        next_due = v_row.next_due, noticed_due = v_row.noticed_due, noticed_at = v_row.noticed_at,
        noticed_price = v_row.noticed_price, tries = v_row.tries, cycle = v_row.cycle, recharge_id = v_row.recharge_id,
        wake_at = v_row.wake_at, leased_until = NULL, updated_at = p_at
    WHERE user_id = p_user AND autopay_id = p_autopay;
    IF p_attempt IS NOT NULL THEN
        v_attempt := jsonb_populate_record(NULL::autopay_attempts, p_attempt);
        INSERT INTO autopay_attempts (
            user_id, attempt_id, autopay_id, due_at, attempted_at, outcome, reason, amount, recharge_id, late_seconds)
        VALUES (
            p_user, v_attempt.attempt_id, p_autopay, p_due, p_at, v_attempt.outcome, v_attempt.reason, v_attempt.amount,
            v_attempt.recharge_id, v_attempt.late_seconds);
    END IF;
    IF p_topic IS NOT NULL THEN
        v_event := add_event(p_user, p_topic, p_payload, p_context, p_event);
    END IF;
    RETURN true;
END $$;
