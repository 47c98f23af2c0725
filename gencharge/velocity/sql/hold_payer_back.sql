-- What is to be said about a payment by which too many customers would have paid on one device (hold_device_payer_back) or from one
-- address, as hold_back returns it, once that is written down; NULL if it may go on. It counts customers for whom a caution runs (who signed in on a new device, changed their number or
-- signed up) and who began a payment from the address, or its /64, in the 24 hours before. Others are neither counted nor held
-- back: behind the address of a mobile operator are thousands of them. Who is counted already may go on.
--
-- `p_bounds` in the order of VelocityRule, before any allowance: one for the customer and one for the address multiply this bound, both.
-- `p_phone` is NULL for a top-up. Amounts in paise. What may go on counts at once, even if it is refused for another reason after this.
--
-- Locks the device, then the address, for those whom it counts, to the end of the transaction; the caller holds the customer's wallet.
CREATE OR REPLACE FUNCTION hold_payer_back(
    p_user uuid, p_kind text, p_amount bigint, p_phone text, p_session uuid, p_bounds bigint[], p_context jsonb, p_at timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_day timestamptz := p_at - interval '24 hours';
    v_bound bigint := p_bounds[10];
    v_network text;
    v_subject text;
    v_ends_at timestamptz;
    v_factor integer;
    v_count bigint;
    v_last timestamptz;
    v_of_device jsonb;
BEGIN
    IF v_bound IS NULL AND p_bounds[11] IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT ends_at INTO v_ends_at FROM velocity_cautions WHERE user_id = p_user AND ends_at > p_at;
    IF v_ends_at IS NULL THEN
        RETURN NULL;
    END IF;
    v_of_device := hold_device_payer_back(
        p_user, p_kind, p_amount, p_phone, p_session, p_bounds, p_context, p_at, v_ends_at);
    v_network := network_of(p_context ->> 'address');
    IF v_of_device IS NOT NULL THEN
        RETURN v_of_device;
    ELSIF v_bound IS NULL OR v_network = '' THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('payers of ' || v_network, 0));
    SELECT count(*) INTO v_count FROM velocity_payers
    WHERE network = v_network AND payer_id <> p_user AND paid_at > v_day;
    IF v_count >= v_bound THEN
        v_subject := 'address:' || v_network;
        SELECT max(factor) INTO v_factor FROM velocity_allowances WHERE subject = v_subject AND ends_at > p_at;
        v_bound := (velocity_bounds(p_bounds, p_user, p_phone, p_at))[10] * coalesce(v_factor, 1);
    END IF;
    IF v_count < v_bound THEN
        INSERT INTO velocity_payers AS p (network, payer_id, paid_at) VALUES (v_network, p_user, p_at)
        ON CONFLICT (network, payer_id) DO UPDATE SET paid_at = greatest(p.paid_at, EXCLUDED.paid_at);
        RETURN NULL;
    END IF;
    SELECT paid_at INTO v_last FROM velocity_payers
    WHERE network = v_network AND payer_id <> p_user AND paid_at > v_day
    ORDER BY paid_at DESC OFFSET v_bound - 1 LIMIT 1;
    -- Rounded up to the hour: when others paid is theirs to know.
    RETURN hold_back(
        p_user, 'payers_of_address_in_a_day', p_kind, v_network, p_amount, p_phone, p_session, v_bound,
        least(date_trunc('hour', v_last) + interval '25 hours', v_ends_at), p_context, p_at);
END $$;
