-- Takes a recharge out of the operator's queue: `p_state` 'settled' if the operator delivered it, 'failed' if it is proven that it
-- did not. `p_error` is why it failed; NULL leaves what is there. Without such a row nothing happens. Locks that row.
CREATE OR REPLACE FUNCTION end_fulfilment(p_user uuid, p_recharge uuid, p_state text, p_error text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE fulfilments SET state = p_state, next_attempt_at = NULL, leased_until = NULL,
                           last_error = coalesce(p_error, last_error)
    WHERE user_id = p_user AND recharge_id = p_recharge;
END $$;
