-- A recharge that the wallet pays, in one round trip and one transaction: replay or mismatch of the idempotency key, the
-- rules, the money, the recharge, the plan and the event. If the operator delivers at once ('internal'), the plan starts or
-- queues here. Otherwise the money is held, the plan is 'pending', and the recharge is queued for the dispatcher.
--
-- `outcome` is 'done', 'replayed', or the reason of a refusal: one of begin_recharge or take_offer, or 'insufficient_balance'. Rules come
-- before the first write, so a refusal changes nothing but the list of what was held back. `known` as of begin_recharge. Ids are
-- made by the application. p_expected_price, p_bounds and p_session as of begin_recharge, p_offers as of take_offer (NULL: no
-- offer). p_reference and p_metadata are the caller's own (NULL: none), the metadata encrypted. Processes of the last release call without
-- p_offers, p_reference, p_metadata and p_stated, which is as of recharge_terms.
--
-- Almost no sale is near a velocity bound, so the bounds are looked at last, in passing (add_recharge): GC001 says that one may be
-- met, nothing has happened, and the caller asks again with p_careful. Then they are looked at first.
--
-- Locks: the line, then the wallet, then a slot of the offer.
CREATE OR REPLACE FUNCTION recharge_from_wallet(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_plan uuid, p_hint text, p_source text,
    p_replace boolean, p_confirmed boolean, p_window_seconds integer, p_transfer uuid, p_event uuid, p_context jsonb,
    p_pinned timestamptz, p_expected_price bigint DEFAULT NULL, p_bounds bigint[] DEFAULT NULL,
    p_session uuid DEFAULT NULL, p_careful boolean DEFAULT false, p_offers jsonb DEFAULT NULL, p_reference text DEFAULT NULL,
    p_metadata text DEFAULT NULL, p_stated jsonb DEFAULT NULL, OUT outcome text, OUT known text, OUT sale recharges
) LANGUAGE plpgsql AS $$
DECLARE
    v_begun record;
    v_plan active_plans;
    v_wallet record;
    v_at_once boolean;
    v_offer record;
    v_price bigint := CASE WHEN p_offers IS NULL THEN p_expected_price END;
    v_paid bigint;
    v_cashback bigint := 0;
    v_gift jsonb := '{}';
    v_id uuid;
    v_bounds_first bigint[] := CASE WHEN p_careful THEN p_bounds END;
    v_bounds_last bigint[] := CASE WHEN NOT p_careful THEN p_bounds END;
BEGIN
    v_begun := begin_recharge(
        p_user, p_id, p_key, p_hash, p_phone, p_plan, p_hint, p_source, p_replace, p_confirmed, p_window_seconds,
        p_context, p_pinned, v_price, v_bounds_first, p_session, p_stated);
    outcome := v_begun.outcome;
    known := v_begun.known;
    sale := v_begun.sale;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    v_paid := sale.price;
    IF p_offers IS NOT NULL THEN
        v_offer := take_offer(
            p_user, p_id, p_phone, p_offers, sale.price, p_expected_price, NULL, v_begun.at, v_begun.channel = 'internal');
        outcome := v_offer.outcome;
        known := v_offer.known;
        IF outcome IS NOT NULL THEN
            sale := NULL;
            RETURN;
        ELSIF v_offer.offer_id IS NOT NULL THEN
            sale.offer_id := v_offer.offer_id;
            sale.discount := v_offer.discount;
            sale.cashback := v_offer.cashback;
            v_cashback := v_offer.paid;
            v_paid := sale.price - sale.discount;
        END IF;
    END IF;
    v_plan := v_begun.plan;
    v_at_once := v_begun.channel = 'internal';
    IF v_at_once AND sale.discount + v_cashback > 0 THEN
        v_wallet := wallet_purchase(
            p_user, p_transfer, v_paid, sale.discount, p_id::text, p_id, p_phone, sale.plan_type, p_source, sale.operator, v_begun.at,
            v_cashback);
    ELSE
        v_wallet := wallet_transfer(
            p_user, p_transfer, 'user:main',
            CASE WHEN v_at_once THEN 'operator:' || lower(sale.operator) ELSE 'user:held' END,
            v_paid, CASE WHEN v_at_once THEN ledger_code('recharge') ELSE ledger_code('hold') END,
            p_id::text, p_id, p_phone, sale.plan_type, p_source, 'wallet', NULL, v_begun.at, sale.operator);
    END IF;
    IF v_wallet.posted_after IS NULL THEN
        outcome := 'insufficient_balance';
        sale := NULL;
        RETURN;
    END IF;
    sale.caller_reference := p_reference;
    sale.caller_metadata := p_metadata;
    sale.payment_method := 'wallet';
    sale.wallet_amount := v_paid;
    sale.gateway_amount := 0;
    sale.balance_after := v_wallet.posted_after - v_wallet.held_after;
    outcome := 'done';

    IF NOT v_at_once THEN
        sale.status := 'processing';
        sale.sold_status := 'processing';
        v_plan.status := 'pending';
        v_plan.valid_from := NULL;
        v_plan.valid_until := NULL;
        v_id := add_recharge(sale, v_plan, v_bounds_last);
        PERFORM queue_fulfilment(
            p_user, p_id, p_phone, sale.operator, p_plan, sale.price, v_begun.at, p_context ->> 'traceparent');
        v_id := announce_recharge(
            'RechargeAccepted', sale, jsonb_build_object('held_paise', v_paid), p_context, p_event);
        RETURN;
    END IF;

    IF v_plan.status = 'active' AND NOT v_plan.is_addon AND (v_begun.running).recharge_id IS NOT NULL THEN
        UPDATE active_plans SET status = 'replaced', ended_at = v_begun.at
        WHERE phone_number = p_phone AND recharge_id = (v_begun.running).recharge_id;
        sale.replaced_plan_name := (v_begun.running).plan_name;
        sale.replaced_valid_until := (v_begun.running).valid_until;
    END IF;
    sale.status := 'delivered';
    sale.sold_status := v_plan.status;
    sale.sold_valid_from := v_plan.valid_from;
    sale.sold_valid_until := v_plan.valid_until;
    sale.completed_at := v_begun.at;
    IF sale.cashback > 0 THEN
        v_gift := cashback_fields(sale.cashback, v_cashback);
    END IF;
    IF sale.talktime IS NOT NULL THEN
        v_gift := v_gift || jsonb_build_object('talktime_paise', sale.talktime);
    END IF;
    v_id := add_recharge(sale, v_plan, v_bounds_last);
    v_id := announce_recharge('PlanRecharged', sale, jsonb_build_object(
        'plan_id', p_plan, 'status', v_plan.status, 'total_paid_paise', v_paid, 'payment_method', 'wallet',
        'source', p_source, 'valid_from', v_plan.valid_from, 'valid_until', v_plan.valid_until) || v_gift, p_context, p_event);
END $$;
