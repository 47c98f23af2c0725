-- Applies a webhook again that named an unknown order or refund. After a day it is parked, and the staff are alerted.
-- Returns 'already' if it is not due any more, 'parked', or what apply_gateway_event says.
-- Locks the event, then what apply_gateway_event locks.
CREATE OR REPLACE FUNCTION retry_gateway_event(p_event text, p_limits jsonb, p_context jsonb, p_pinned timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_event gateway_events;
    v_outcome text;
    v_now timestamptz;
    v_next timestamptz;
BEGIN
    SELECT * INTO v_event FROM gateway_events WHERE event_id = p_event FOR UPDATE;
    v_now := coalesce(p_pinned, clock_timestamp());
    IF v_event.next_attempt_at IS NULL THEN
        RETURN 'already';
    END IF;
    v_outcome := apply_gateway_event(
        v_event.gateway, v_event.kind, v_event.order_id, v_event.body, p_limits, p_context, p_pinned);
    IF v_outcome NOT LIKE 'unknown%' THEN
        UPDATE gateway_events SET outcome = v_outcome, attempts = attempts + 1, next_attempt_at = NULL
        WHERE event_id = p_event;
        RETURN v_outcome;
    ELSIF v_event.received_at < v_now - interval '24 hours' THEN
        UPDATE gateway_events SET outcome = 'parked', attempts = attempts + 1, next_attempt_at = NULL
        WHERE event_id = p_event;
        PERFORM add_event('00000000-0000-0000-0000-000000000000', 'GatewayEventParked', jsonb_build_object(
            'user_id', '00000000-0000-0000-0000-000000000000', 'event_id', p_event, 'gateway', v_event.gateway,
            'kind', v_event.kind, 'order_id', v_event.order_id, 'reason', v_outcome), p_context);
        RETURN 'parked';
    END IF;
    v_next := v_now + least(interval '1 hour', interval '5 seconds' * 2 ^ least(v_event.attempts + 1, 12));
    UPDATE gateway_events SET attempts = attempts + 1, next_attempt_at = v_next
    WHERE event_id = p_event;
    RETURN v_outcome;
END $$;
