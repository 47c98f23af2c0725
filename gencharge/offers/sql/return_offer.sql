-- Gives back what an offer cost, when `p_refunded` of the `p_paid` paise of its recharge (in all, with this refund) have gone back: the
-- same share of the discount and of the cashback. With all of them the use is free again, and so is its one-time code. A recharge that failed gives back everything.
--
-- The cashback is taken from what the wallet has beyond `p_spared` paise; what is missing is owed, and withheld from the next cashback. `p_key`
-- is the refund's id. Returns the part of the discount that the operator gives back, in paise; 0 if there was no offer.
--
-- Locks the customer's wallet, what they owe, the one-time code, the slot of the offer, then that of the campaign's budget; the caller
-- holds the recharge.
CREATE OR REPLACE FUNCTION return_offer(
    p_user uuid, p_recharge uuid, p_key text, p_paid bigint, p_refunded bigint, p_spared bigint, p_phone text,
    p_service_type text, p_source text, p_operator text, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_use offer_uses;
    v_is_all boolean := p_refunded >= p_paid;
    v_discount bigint;
    v_due bigint;
    v_available bigint;
    v_taken bigint := 0;
    v_moved record;
    v_cost bigint;
BEGIN
    SELECT * INTO v_use FROM offer_uses
    WHERE user_id = p_user AND recharge_id = p_recharge AND status = 'taken' FOR UPDATE;
    IF v_use.recharge_id IS NULL THEN
        RETURN 0;
    END IF;
    v_discount := part_back(v_use.discount, p_refunded, p_paid) - v_use.discount_back;
    v_due := part_back(v_use.paid + v_use.withheld, p_refunded, p_paid) - v_use.due_back;
    IF v_due > 0 THEN
        SELECT posted - held INTO v_available FROM wallets WHERE user_id = p_user FOR NO KEY UPDATE;
        v_taken := least(v_due, greatest(0, v_available - p_spared));
        IF v_taken > 0 THEN
            v_moved := wallet_transfer(
                p_user, new_uuid7(), 'user:main', 'cashback', v_taken, ledger_code('cashback'), p_key, p_recharge, p_phone,
                p_service_type, p_source, NULL, NULL, p_at, p_operator);
        END IF;
        IF v_due > v_taken THEN
            INSERT INTO cashback_debts AS debt (user_id, owed) VALUES (p_user, v_due - v_taken)
            ON CONFLICT (user_id) DO UPDATE SET owed = debt.owed + excluded.owed WHERE debt.user_id = p_user;
        END IF;
    END IF;
    -- What could not be taken back stays a cost of the offer.
    IF v_is_all THEN
        v_cost := v_use.due_back + v_due - v_use.taken_back - v_taken;
    ELSE
        v_cost := v_use.cost - v_discount - v_taken;
    END IF;
    UPDATE offer_uses SET
        status = CASE WHEN v_is_all THEN 'freed' ELSE status END, ended_at = CASE WHEN v_is_all THEN p_at END,
        discount_back = discount_back + v_discount, due_back = due_back + v_due, taken_back = taken_back + v_taken, cost = v_cost
    WHERE user_id = p_user AND recharge_id = p_recharge;
    IF v_is_all AND v_use.code IS NOT NULL THEN
        UPDATE offer_codes SET used_by = NULL, recharge_id = NULL, used_at = NULL
        WHERE code = v_use.code AND recharge_id = p_recharge;
    END IF;
    UPDATE offer_slots SET uses = uses - CASE WHEN v_is_all THEN 1 ELSE 0 END, spent = spent - v_use.cost + v_cost
    WHERE offer_id = v_use.offer_id AND slot = v_use.slot;
    IF v_use.budget_id IS NOT NULL THEN
        UPDATE offer_slots SET uses = uses - CASE WHEN v_is_all THEN 1 ELSE 0 END, spent = spent - v_use.cost + v_cost
        WHERE offer_id = v_use.budget_id AND slot = v_use.budget_slot;
    END IF;
    RETURN v_discount;
END $$;
