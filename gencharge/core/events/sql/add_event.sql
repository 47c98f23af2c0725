-- Writes an event into the outbox, in the caller's transaction. `p_payload` has the fields of the topic's event class,
-- `p_context` says who caused it, and when if the clock is held; `p_id` is a UUIDv7, by default a new one. Returns the id.
-- Takes no lock. No other function writes `events`.
CREATE OR REPLACE FUNCTION add_event(
    p_user uuid, p_topic text, p_payload jsonb, p_context jsonb, p_id uuid DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid := coalesce(p_id, new_uuid7());
    v_at timestamptz := coalesce((p_context ->> 'occurred_at')::timestamptz, now());
BEGIN
    INSERT INTO events (user_id, id, topic, payload, context, occurred_at)
    VALUES (p_user, v_id, p_topic, p_payload, p_context, v_at);
    RETURN v_id;
END $$;
