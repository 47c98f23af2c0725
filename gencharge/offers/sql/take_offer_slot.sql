-- Counts one use that costs `p_cost` paise in a slot of the offer, and returns the slot; NULL if the offer has not as much left.
--
-- The limits of an offer are spread over sixteen slots, so that its uses don't wait for each other. A customer begins at a slot of
-- their own; one that another sale holds until it is committed is left out, for up to three others. Then one is waited for, and
-- after it those with room are tried. Only when none has room is what is left divided again.
--
-- Locks one slot; all of them if it is divided again.
CREATE OR REPLACE FUNCTION take_offer_slot(p_offer uuid, p_user uuid, p_cost bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_first integer := get_byte(uuid_send(p_user), 15) % 16;
    v_slot integer;
    v_left record;
BEGIN
    FOR step IN 0..3 LOOP
        UPDATE offer_slots SET uses = uses + 1, spent = spent + p_cost
        WHERE offer_id = p_offer AND slot = (
            SELECT s.slot FROM offer_slots AS s
            WHERE s.offer_id = p_offer AND s.slot = (v_first + 5 * step) % 16 AND (s.max_uses IS NULL OR s.uses < s.max_uses)
              AND (s.max_spent IS NULL OR s.spent + p_cost <= s.max_spent)
            FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING slot INTO v_slot;
        IF FOUND THEN
            RETURN v_slot;
        END IF;
    END LOOP;
    UPDATE offer_slots SET uses = uses + 1, spent = spent + p_cost
    WHERE offer_id = p_offer AND slot = v_first AND (max_uses IS NULL OR uses < max_uses)
      AND (max_spent IS NULL OR spent + p_cost <= max_spent);
    IF FOUND THEN
        RETURN v_first;
    END IF;
    FOR attempt IN 1..2 LOOP
        FOR v_slot IN
            SELECT slot FROM offer_slots
            WHERE offer_id = p_offer AND (max_uses IS NULL OR uses < max_uses)
              AND (max_spent IS NULL OR spent + p_cost <= max_spent)
            ORDER BY (slot - v_first + 16) % 16
        LOOP
            UPDATE offer_slots SET uses = uses + 1, spent = spent + p_cost
            WHERE offer_id = p_offer AND slot = v_slot AND (max_uses IS NULL OR uses < max_uses)
              AND (max_spent IS NULL OR spent + p_cost <= max_spent);
            IF FOUND THEN
                RETURN v_slot;
            END IF;
        END LOOP;
        IF attempt = 1 THEN
            -- Without a lock: an offer that is used up is refused at once.
            v_left := offer_left(p_offer);
            IF v_left.uses < 1 OR v_left.budget < p_cost THEN
                RETURN NULL;
            END IF;
            PERFORM split_offer(p_offer, p_cost, v_first);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
