-- Changes the order in which queued plans of a number start. `p_order` names those that the caller sees, each once: all of them if
-- the number is the caller's (`p_owns`), otherwise those that `p_user` bought. They exchange their places with each other; a
-- plan that somebody else bought keeps its place.
--
-- Returns true, or false if `p_order` is not what waits there now: nothing was changed. Locks the line.
CREATE OR REPLACE FUNCTION order_plan_queue(
    p_phone text, p_user uuid, p_owns boolean, p_order uuid[], p_reason text, p_context jsonb, p_pinned timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean := lock_line(p_phone);
    v_now timestamptz := coalesce(p_pinned, clock_timestamp());
    v_all uuid[];
    v_before uuid[];
    v_places integer[];
    v_operator text;
BEGIN
    PERFORM advance_line(p_phone, v_now, p_context);
    SELECT array_agg(queue.recharge_id ORDER BY place),
           array_agg(queue.recharge_id ORDER BY place) FILTER (WHERE p_owns OR queue.user_id = p_user),
           array_agg(place ORDER BY place) FILTER (WHERE p_owns OR queue.user_id = p_user),
           min(queue.operator)
    INTO v_all, v_before, v_places, v_operator
    FROM (
        SELECT recharge_id, user_id, operator, row_number() OVER (ORDER BY queue_rank NULLS LAST, created_at, recharge_id) AS place
        FROM active_plans WHERE phone_number = p_phone AND status = 'queued') AS queue;
    IF v_before IS NULL OR cardinality(v_before) <> cardinality(p_order)
       OR NOT (v_before @> p_order AND p_order @> v_before) THEN
        RETURN false;
    END IF;
    FOR v_nth IN 1 .. cardinality(p_order) LOOP
        v_all[v_places[v_nth]] := p_order[v_nth];
    END LOOP;
    -- All of the queue gets a rank, so that what is bought later (it has none) comes after it.
    UPDATE active_plans SET queue_rank = array_position(v_all, recharge_id)
    WHERE phone_number = p_phone AND status = 'queued';
    PERFORM add_event(p_user, 'PlanQueueReordered', jsonb_build_object(
        'user_id', p_user, 'recharge_id', p_order[1], 'phone_number', p_phone, 'operator', v_operator, 'reason', p_reason,
        'changes', jsonb_build_object('order', jsonb_build_object('old', to_jsonb(v_before), 'new', to_jsonb(p_order)))),
        p_context);
    RETURN true;
END $$;
