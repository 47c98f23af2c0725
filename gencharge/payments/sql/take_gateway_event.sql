-- Takes a webhook once, by its event id, and applies it. Returns what apply_gateway_event says, or 'duplicate'.
-- Locks the event's new row, then what apply_gateway_event locks.
CREATE OR REPLACE FUNCTION take_gateway_event(
    p_event text, p_gateway text, p_kind text, p_order text, p_body jsonb, p_limits jsonb, p_context jsonb,
    p_pinned timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_outcome text;
    v_now timestamptz := coalesce(p_pinned, clock_timestamp());
    v_next timestamptz := v_now + interval '5 seconds';
BEGIN
    INSERT INTO gateway_events (event_id, gateway, kind, order_id, body, received_at)
    VALUES (p_event, p_gateway, p_kind, p_order, p_body, v_now) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'duplicate';
    END IF;
    v_outcome := apply_gateway_event(p_gateway, p_kind, p_order, p_body, p_limits, p_context, p_pinned);
    UPDATE gateway_events SET
        outcome = CASE WHEN v_outcome NOT LIKE 'unknown%' THEN v_outcome END,
        next_attempt_at = CASE WHEN v_outcome LIKE 'unknown%' THEN v_next END
    WHERE event_id = p_event;
    RETURN v_outcome;
END $$;
