-- What is to be said about a payment by which too many customers would have paid on one device, as hold_back returns it, once that is
-- written down; NULL if it may go on, or the sign-in names no device. It counts customers for whom a caution runs and who began a payment
-- on the device in the 24 hours before; who is counted already may go on. hold_payer_back asks it, for a customer whose caution ends at
-- `p_ends_at`; parameters as there.
--
-- Locks the device to the end of the transaction.
CREATE OR REPLACE FUNCTION hold_device_payer_back(
    p_user uuid, p_kind text, p_amount bigint, p_phone text, p_session uuid, p_bounds bigint[], p_context jsonb, p_at timestamptz,
    p_ends_at timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_day timestamptz := p_at - interval '24 hours';
    v_bound bigint := p_bounds[11];
    v_device uuid;
    v_count bigint;
    v_last timestamptz;
BEGIN
    IF v_bound IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT device_id INTO v_device FROM sessions WHERE user_id = p_user AND session_id = p_session;
    IF v_device IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('payers of device ' || v_device, 0));
    SELECT count(*) INTO v_count FROM velocity_device_payers
    WHERE device_id = v_device AND payer_id <> p_user AND paid_at > v_day;
    IF v_count >= v_bound THEN
        v_bound := (velocity_bounds(p_bounds, p_user, p_phone, p_at))[11];
    END IF;
    IF v_count < v_bound THEN
        INSERT INTO velocity_device_payers AS p (device_id, payer_id, paid_at) VALUES (v_device, p_user, p_at)
        ON CONFLICT (device_id, payer_id) DO UPDATE SET paid_at = greatest(p.paid_at, EXCLUDED.paid_at);
        RETURN NULL;
    END IF;
    SELECT paid_at INTO v_last FROM velocity_device_payers
    WHERE device_id = v_device AND payer_id <> p_user AND paid_at > v_day
    ORDER BY paid_at DESC OFFSET v_bound - 1 LIMIT 1;
    -- Rounded up to the hour: when others paid is theirs to know.
    RETURN hold_back(
        p_user, 'payers_of_device_in_a_day', p_kind, v_device::text, p_amount, p_phone, p_session, v_bound,
        least(date_trunc('hour', v_last) + interval '25 hours', p_ends_at), p_context, p_at);
END $$;
