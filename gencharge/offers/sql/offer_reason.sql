-- Why a customer can't have an offer for a number at p_at, by what only the database knows. `reason`: 'offer_changed' if its terms are not
-- those of p_version any more, 'not_begun', 'over', 'user_type', 'new_user_only', 'circle', 'used_by_you'; NULL if nothing is against it.
-- `budget`: with p_is_shared (the offer was chosen by its id, or by the one code for all) that of the campaign which holds at p_at, if it has
-- one of its own; a budget's offer and time never change.
-- What the request and the catalogue say (price, plan, operator, payment method, weekday) is judged in `offers/evaluation.py`, whose
-- codes these are. The limits of all customers together are those of take_offer_slot.
--
-- Takes no lock: a caller that takes the offer holds the customer's wallet, so what was counted stays true.
CREATE OR REPLACE FUNCTION offer_reason(
    p_offer uuid, p_version integer, p_user uuid, p_phone text, p_at timestamptz, p_is_shared boolean DEFAULT false,
    OUT reason text, OUT budget uuid
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_offer record;
    v_number record;
BEGIN
    -- With the customer's uses and the budget, each looked up only if it matters: queries of their own cost a sale more.
    SELECT o.version, o.status, o.active_from, o.active_until, o.user_types, o.new_user_only, o.circles, o.uses_per_user,
           CASE WHEN o.uses_per_user IS NOT NULL THEN (
               SELECT count(*) FROM offer_uses AS u
               WHERE u.user_id = p_user AND u.offer_id = p_offer AND u.status = 'taken') END AS own_uses,
           CASE WHEN p_is_shared THEN (
               SELECT b.budget_id FROM offer_budgets AS b
               WHERE b.offer_id = p_offer AND p_at >= b.starts_at AND p_at < b.ends_at) END AS budget_id
    INTO v_offer FROM offers AS o WHERE o.offer_id = p_offer;
    budget := v_offer.budget_id;
    IF v_offer.version IS DISTINCT FROM p_version OR v_offer.status <> 'active' THEN
        reason := 'offer_changed';
    ELSIF p_at < v_offer.active_from THEN
        reason := 'not_begun';
    ELSIF p_at >= v_offer.active_until THEN
        reason := 'over';
    END IF;
    IF reason IS NULL AND cardinality(v_offer.user_types) > 0 THEN
        PERFORM FROM users AS u WHERE u.user_id = p_user AND u.user_type = ANY (v_offer.user_types);
        IF NOT FOUND THEN
            reason := 'user_type';
        END IF;
    END IF;
    IF reason IS NULL AND v_offer.new_user_only THEN
        PERFORM FROM recharges AS r WHERE r.user_id = p_user AND r.status <> 'failed';
        IF FOUND THEN
            reason := 'new_user_only';
        END IF;
    END IF;
    IF reason IS NULL AND cardinality(v_offer.circles) > 0 THEN
        v_number := known_connection(p_phone, p_user);
        IF NOT coalesce(v_number.circle = ANY (v_offer.circles), false) THEN
            reason := 'circle';
        END IF;
    END IF;
    IF reason IS NULL AND v_offer.own_uses >= v_offer.uses_per_user THEN
        reason := 'used_by_you';
    END IF;
END $$;
