-- What only the database knows for judging offers for a customer and a number: the kind of customer, whether this is their first
-- recharge, the number's circle, and how far the offers of `p_offers` that have limits are used: {offer_id: [uses of the customer,
-- uses of all, paise spent]}. Takes no lock: a sale looks again.
CREATE OR REPLACE FUNCTION offer_facts(
    p_user uuid, p_phone text, p_offers uuid[], OUT user_type text, OUT is_new boolean, OUT circle text, OUT used jsonb
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_number record;
    v_own jsonb;
    v_all jsonb;
BEGIN
    SELECT u.user_type INTO user_type FROM users AS u WHERE u.user_id = p_user;
    is_new := NOT EXISTS (SELECT FROM recharges AS r WHERE r.user_id = p_user AND r.status <> 'failed');
    v_number := known_connection(p_phone, p_user);
    circle := v_number.circle;
    SELECT coalesce(jsonb_object_agg(own.offer_id, own.uses), '{}') INTO v_own
    FROM (SELECT u.offer_id, count(*) AS uses FROM offer_uses AS u
          WHERE u.user_id = p_user AND u.status = 'taken' AND u.offer_id = ANY (p_offers) GROUP BY u.offer_id) AS own;
    SELECT coalesce(jsonb_object_agg(sums.offer_id, jsonb_build_array(
        coalesce((v_own ->> sums.offer_id::text)::bigint, 0), sums.uses, sums.spent)), '{}') INTO v_all
    FROM (SELECT s.offer_id, sum(s.uses) AS uses, sum(s.spent) AS spent FROM offer_slots AS s
          WHERE s.offer_id = ANY (p_offers) GROUP BY s.offer_id) AS sums;
    used := v_all;
END $$;
