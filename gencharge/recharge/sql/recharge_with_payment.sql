-- A recharge that a gateway pays, alone or together with the wallet: the wallet's part is held, the plan is 'pending', and the
-- recharge waits for the payment. The gateway's order exists already (its payment row is p_payment); nothing is sent here.
--
-- `outcome` is 'done', 'replayed', or the reason of a refusal: one of begin_recharge, which expects the two parts to be the
-- price less the discount, one of take_offer, or 'insufficient_balance'. `known`, p_bounds and p_session as of begin_recharge, p_offers as of
-- take_offer (NULL: no offer), p_reference, p_metadata and p_stated as of recharge_from_wallet. A refusal changes nothing but the list of what was held back. Amounts in paise.
--
-- Locks: the line, then the wallet, then a slot of the offer.
CREATE OR REPLACE FUNCTION recharge_with_payment(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan uuid, p_hint text, p_source text,
    p_replace boolean, p_confirmed boolean, p_window_seconds integer, p_method text, p_wallet_amount bigint,
    p_gateway_amount bigint, p_payment uuid, p_context jsonb, p_pinned timestamptz, p_bounds bigint[] DEFAULT NULL,
    p_session uuid DEFAULT NULL, p_offers jsonb DEFAULT NULL, p_reference text DEFAULT NULL,
    p_metadata text DEFAULT NULL, p_stated jsonb DEFAULT NULL, OUT outcome text, OUT known text, OUT sale recharges
) LANGUAGE plpgsql AS $$
DECLARE
    v_begun record;
    v_plan active_plans;
    v_wallet record;
    v_balance bigint;
    v_id uuid;
    v_offer record;
    v_paid bigint := p_wallet_amount + p_gateway_amount;
    v_price bigint := CASE WHEN p_offers IS NULL THEN v_paid END;
BEGIN
    v_begun := begin_recharge(
        p_user, p_id, p_key, p_hash, p_phone, p_plan, p_hint, p_source, p_replace, p_confirmed, p_window_seconds,
        p_context, p_pinned, v_price, p_bounds, p_session, p_stated);
    outcome := v_begun.outcome;
    known := v_begun.known;
    sale := v_begun.sale;
    IF outcome IS NULL AND p_offers IS NOT NULL THEN
        v_offer := take_offer(p_user, p_id, p_phone, p_offers, sale.price, v_paid, p_wallet_amount, v_begun.at, false);
        outcome := v_offer.outcome;
        known := v_offer.known;
        IF v_offer.offer_id IS NOT NULL THEN
            sale.offer_id := v_offer.offer_id;
            sale.discount := v_offer.discount;
            sale.cashback := v_offer.cashback;
        END IF;
    END IF;
    IF outcome IS NULL AND p_wallet_amount > 0 THEN
        v_wallet := wallet_transfer(
            p_user, new_uuid7(), 'user:main', 'user:held', p_wallet_amount, ledger_code('hold'),
            p_id::text, p_id, p_phone, sale.plan_type, p_source, 'wallet', NULL, v_begun.at, sale.operator);
        IF v_wallet.posted_after IS NULL THEN
            outcome := 'insufficient_balance';
            sale := NULL;
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
        IF v_begun.outcome IS NULL THEN
            sale := NULL;
        END IF;
        RETURN;
    END IF;
    SELECT posted - held INTO v_balance FROM wallets WHERE user_id = p_user;
    sale.caller_reference := p_reference;
    sale.caller_metadata := p_metadata;
    sale.payment_method := p_method;
    sale.wallet_amount := p_wallet_amount;
    sale.gateway_amount := p_gateway_amount;
    sale.balance_after := coalesce(v_balance, 0);
    sale.payment_id := p_payment;
    sale.status := 'payment_pending';
    sale.sold_status := 'payment_pending';
    v_plan := v_begun.plan;
    v_plan.status := 'pending';
    v_plan.valid_from := NULL;
    v_plan.valid_until := NULL;
    v_id := add_recharge(sale, v_plan);
    v_id := announce_recharge('RechargePlaced', sale, jsonb_build_object(
        'payment_id', p_payment, 'gateway_paise', p_gateway_amount, 'wallet_paise', p_wallet_amount), p_context);
    outcome := 'done';
END $$;
