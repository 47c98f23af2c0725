-- Brings a number's plans to the instant p_now: what ended expires, the first base plan of the queue starts at the instant
-- when the one before it ended, however late this runs. Returns how many rows changed. Locks
-- the plans that change; the caller holds the line's lock.
CREATE OR REPLACE FUNCTION advance_line(p_phone text, p_now timestamptz, p_context jsonb) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_ended active_plans;
    v_next active_plans;
    v_start timestamptz;
    v_end timestamptz;
    v_changed integer := 0;
BEGIN
    FOR v_ended IN
        UPDATE active_plans SET status = 'expired', ended_at = valid_until
        WHERE phone_number = p_phone AND status = 'active' AND is_addon AND valid_until <= p_now
        RETURNING *
    LOOP
        PERFORM announce_plan('PlanExpired', v_ended, p_context);
        v_changed := v_changed + 1;
    END LOOP;

    LOOP
        v_start := NULL;
        UPDATE active_plans SET status = 'expired', ended_at = valid_until
        WHERE phone_number = p_phone AND status = 'active' AND NOT is_addon AND valid_until <= p_now
        RETURNING * INTO v_ended;
        IF FOUND THEN
            v_start := v_ended.valid_until;
            PERFORM announce_plan('PlanExpired', v_ended, p_context);
            v_changed := v_changed + 1;
        ELSIF EXISTS (SELECT FROM active_plans WHERE phone_number = p_phone AND status = 'active' AND NOT is_addon) THEN
            RETURN v_changed;
        END IF;

        SELECT * INTO v_next FROM active_plans
        WHERE phone_number = p_phone AND status = 'queued'
        ORDER BY queue_rank NULLS LAST, created_at, recharge_id LIMIT 1;
        IF NOT FOUND THEN
            RETURN v_changed;
        END IF;
        v_start := coalesce(v_start, p_now);
        v_end := validity_end(v_start, v_next.validity_count, v_next.validity_unit);
        UPDATE active_plans SET status = 'active', valid_from = v_start, valid_until = v_end
        WHERE phone_number = p_phone AND recharge_id = v_next.recharge_id
        RETURNING * INTO v_next;
        PERFORM announce_plan('PlanActivated', v_next, p_context);
        v_changed := v_changed + 1;
    END LOOP;
END $$;
