-- Why a customer can't have an offer for a number at p_at, by what only the database knows: 'offer_changed' if its terms are not those
-- of p_version any more, 'not_begun', 'over', 'user_type', 'new_user_only', 'circle', 'used_by_you'; NULL if nothing is against it.
-- What the request and the catalogue say (price, plan, operator, payment method, weekday) is judged in `offers/evaluation.py`, whose
-- codes these are. The limits of all customers together are those of take_offer_slot.
--
-- Takes no lock: a caller that takes the offer holds the customer's wallet, so what was counted stays true.
CREATE OR REPLACE FUNCTION offer_reason(p_offer uuid, p_version integer, p_user uuid, p_phone text, p_at timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_offer record;
    v_number record;
    v_uses bigint;
BEGIN
    SELECT o.version, o.status, o.active_from, o.active_until, o.user_types, o.new_user_only, o.circles, o.uses_per_user
    INTO v_offer FROM offers AS o WHERE o.offer_id = p_offer;
    IF v_offer.version IS DISTINCT FROM p_version OR v_offer.status <> 'active' THEN
        RETURN 'offer_changed';
    ELSIF p_at < v_offer.active_from THEN
        RETURN 'not_begun';
    ELSIF p_at >= v_offer.active_until THEN
        RETURN 'over';
    END IF;
    IF cardinality(v_offer.user_types) > 0 THEN
        PERFORM FROM users AS u WHERE u.user_id = p_user AND u.user_type = ANY (v_offer.user_types);
        IF NOT FOUND THEN
            RETURN 'user_type';
        END IF;
    END IF;
    IF v_offer.new_user_only THEN
        PERFORM FROM recharges AS r WHERE r.user_id = p_user AND r.status <> 'failed';
        IF FOUND THEN
            RETURN 'new_user_only';
        END IF;
    END IF;
    IF cardinality(v_offer.circles) > 0 THEN
        v_number := known_connection(p_phone, p_user);
        IF NOT coalesce(v_number.circle = ANY (v_offer.circles), false) THEN
            RETURN 'circle';
        END IF;
    END IF;
    IF v_offer.uses_per_user IS NOT NULL THEN
        SELECT count(*) INTO v_uses FROM offer_uses AS u
        WHERE u.user_id = p_user AND u.offer_id = p_offer AND u.status = 'taken';
        IF v_uses >= v_offer.uses_per_user THEN
            RETURN 'used_by_you';
        END IF;
    END IF;
    RETURN NULL;
END $$;
