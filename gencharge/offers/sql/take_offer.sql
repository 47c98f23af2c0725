-- Takes one use of the first offer that the customer can have, for a recharge that the caller writes in this transaction.
--
-- `p_offers` is what `offers.service` chose: {"price": paise, "chosen": bool, "code": text, "candidates": [{"offer_id", "version",
-- "discount", "cashback"}]}, the best first. `chosen`: the customer asked for this one, so without it nothing is sold. `code`: the one-time
-- code that is used with it, or null. `p_price` is what the plan costs
-- now, `p_expected` what the customer agreed to pay (NULL: anything), `p_from_wallet` what the wallet pays (NULL: everything).
--
--   outcome  NULL: go on, with `offer_id` if one was taken; 'offer_not_applicable', 'offer_changed', 'price_changed',
--            'insufficient_balance': nothing was taken
--   paid     how many paise of the cashback the caller has to pay now (p_at_once: the operator delivers at once); what the customer owes
--            from cashbacks that could not be taken back is withheld
--   known    the code of the reason if the outcome is 'offer_not_applicable'; the present price in paise if it is 'price_changed'
--
-- A chosen offer may belong to a campaign with a budget of its own, which the use is counted against, too: an automatic one never does.
--
-- Locks the customer's wallet, the one-time code, the slot of the offer, then that of the campaign's budget, then what they owe.
CREATE OR REPLACE FUNCTION take_offer(
    p_user uuid, p_recharge uuid, p_phone text, p_offers jsonb, p_price bigint, p_expected bigint, p_from_wallet bigint,
    p_at timestamptz, p_at_once boolean,
    OUT outcome text, OUT known text, OUT offer_id uuid, OUT discount bigint, OUT cashback bigint, OUT paid bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_each jsonb;
    v_offer uuid;
    v_less bigint;
    v_back bigint;
    v_available bigint;
    v_slot integer;
    v_budget uuid;
    v_budget_slot integer;
    v_terms record;
    v_owed bigint;
    v_withheld bigint := 0;
    v_code text := p_offers ->> 'code';
    v_is_chosen boolean := coalesce((p_offers ->> 'chosen')::boolean, false);
BEGIN
    SELECT w.posted - w.held INTO v_available FROM wallets AS w WHERE w.user_id = p_user FOR NO KEY UPDATE;
    -- What the offers save was calculated from another price.
    IF (p_offers ->> 'price')::bigint <> p_price THEN
        known := 'offer_changed';
    ELSE
        -- By its position: a loop over a query costs a sale 10 us more.
        FOR position IN 0..jsonb_array_length(p_offers -> 'candidates') - 1 LOOP
            v_each := p_offers -> 'candidates' -> position;
            v_offer := (v_each ->> 'offer_id')::uuid;
            v_less := (v_each ->> 'discount')::bigint;
            v_back := (v_each ->> 'cashback')::bigint;
            IF p_expected <> p_price - v_less THEN
                known := 'price_changed';
                CONTINUE;
            END IF;
            IF coalesce(v_available, 0) < coalesce(p_from_wallet, p_price - v_less) THEN
                outcome := 'insufficient_balance';
                RETURN;
            END IF;
            v_terms := offer_reason(
                v_offer, (v_each ->> 'version')::integer, p_user, p_phone, p_at, v_is_chosen AND v_code IS NULL);
            known := v_terms.reason;
            v_budget := v_terms.budget;
            IF known IS NULL AND v_code IS NOT NULL THEN
                known := offer_code_reason(v_code, v_offer, p_user);
                v_budget := offer_budget_of(v_offer, v_code);
            END IF;
            CONTINUE WHEN known IS NOT NULL;
            -- Without a lock: a budget that is spent is refused at once, and writes nothing.
            IF v_budget IS NOT NULL AND (offer_left(v_budget)).budget < v_less + v_back THEN
                known := 'budget_spent';
                CONTINUE;
            END IF;
            v_slot := take_offer_slot(v_offer, p_user, v_less + v_back);
            IF v_slot IS NULL THEN
                known := 'used_up';
                CONTINUE;
            END IF;
            IF v_budget IS NOT NULL THEN
                v_budget_slot := take_offer_slot(v_budget, p_user, v_less + v_back);
                IF v_budget_slot IS NULL THEN
                    UPDATE offer_slots SET uses = uses - 1, spent = spent - v_less - v_back
                    WHERE offer_slots.offer_id = v_offer AND slot = v_slot;
                    known := 'budget_spent';
                    CONTINUE;
                END IF;
            END IF;
            paid := 0;
            IF p_at_once AND v_back > 0 THEN
                SELECT d.owed INTO v_owed FROM cashback_debts AS d WHERE d.user_id = p_user AND d.owed > 0 FOR UPDATE;
                v_withheld := least(v_back, coalesce(v_owed, 0));
                paid := v_back - v_withheld;
                IF v_withheld > 0 THEN
                    UPDATE cashback_debts SET owed = owed - v_withheld WHERE user_id = p_user;
                END IF;
            END IF;
            INSERT INTO offer_uses (
                user_id, recharge_id, offer_id, version, slot, budget_id, budget_slot, discount, cashback, cost, code, paid, withheld,
                created_at)
            VALUES (
                p_user, p_recharge, v_offer, (v_each ->> 'version')::integer, v_slot, v_budget, v_budget_slot, v_less, v_back,
                v_less + v_back, v_code, paid, v_withheld, p_at);
            IF v_code IS NOT NULL THEN
                UPDATE offer_codes SET used_by = p_user, recharge_id = p_recharge, used_at = p_at WHERE code = v_code;
            END IF;
            offer_id := v_offer;
            discount := v_less;
            cashback := v_back;
            RETURN;
        END LOOP;
    END IF;
    IF NOT v_is_chosen THEN
        known := NULL;
        IF p_expected <> p_price THEN
            outcome := 'price_changed';
            known := p_price::text;
        END IF;
    ELSIF known = 'price_changed' THEN
        outcome := 'price_changed';
        known := (p_price - v_less)::text;
    ELSIF known = 'offer_changed' THEN
        outcome := 'offer_changed';
    ELSE
        outcome := 'offer_not_applicable';
    END IF;
END $$;
