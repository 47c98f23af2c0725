-- Divides what is left of an offer's uses and budget again over its slots, and adds the slots that are missing. p_offer may be the
-- budget_id of a campaign's budget. `p_cost` (paise)
-- is what one use costs: a budget is divided into parts of at least that, so that what is left can be used. `p_first` is the
-- slot that gets the first part. If the limit is lower than what is used, no slot has room.
--
-- Locks all slots of the offer, in order, and reads the limits after that: a change of the limits that is under way is waited for.
CREATE OR REPLACE FUNCTION split_offer(p_offer uuid, p_cost bigint, p_first integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_limits record;
    v_used record;
    v_uses_left bigint;
    v_budget_left bigint;
    v_parts bigint := 16;
BEGIN
    INSERT INTO offer_slots (offer_id, slot) SELECT p_offer, generate_series(0, 15) ON CONFLICT DO NOTHING;
    PERFORM FROM offer_slots WHERE offer_id = p_offer ORDER BY slot FOR UPDATE;
    v_limits := offer_limits(p_offer);
    SELECT sum(uses) AS uses, sum(spent) AS spent INTO v_used FROM offer_slots WHERE offer_id = p_offer;
    v_uses_left := v_limits.total_uses - v_used.uses;
    v_budget_left := v_limits.budget_paise - v_used.spent;
    IF v_budget_left IS NOT NULL THEN
        v_parts := least(v_parts, greatest(1, v_budget_left / greatest(1, p_cost)));
    END IF;
    IF v_uses_left IS NOT NULL THEN
        v_parts := least(v_parts, greatest(1, v_uses_left));
    END IF;
    -- Of many that raced for the last use only the first has something to write.
    UPDATE offer_slots AS own SET max_uses = part.max_uses, max_spent = part.max_spent
    FROM (SELECT s.slot,
            CASE WHEN v_uses_left < 0 THEN 0 ELSE s.uses + part_of(v_uses_left, v_parts, (s.slot - p_first + 16) % 16) END
                AS max_uses,
            CASE WHEN v_budget_left < 0 THEN 0
                ELSE s.spent + part_of(v_budget_left, v_parts, (s.slot - p_first + 16) % 16) END AS max_spent
          FROM offer_slots AS s WHERE s.offer_id = p_offer) AS part
    WHERE own.offer_id = p_offer AND own.slot = part.slot
      AND (own.max_uses IS DISTINCT FROM part.max_uses OR own.max_spent IS DISTINCT FROM part.max_spent);
END $$;
