-- Pays a postpaid bill, or a part of it, from the wallet: a recharge without a plan, whose money is held and goes to the operator when that
-- has taken the payment (deliver_recharge), or back (fail_recharge). The operator's channels carry it whatever its `channel` is: only
-- the operator knows the bill.
--
-- `outcome` is 'done', 'replayed' or 'idempotency_key_reused' (`sale` is that recharge), 'insufficient_balance', or what bill_refusal says
-- (`known`, too). A refusal changes nothing but the list of what was held back. `p_amount` in paise;
-- `p_bill` is the customer's own row of it, `p_bill_reference` the operator's name for it; p_bounds and p_session as of begin_recharge.
--
-- Locks: the line, then the wallet.
CREATE OR REPLACE FUNCTION pay_bill_from_wallet(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_operator text, p_circle text, p_bill uuid,
    p_bill_reference text, p_amount bigint, p_source text, p_context jsonb, p_pinned timestamptz, p_bounds bigint[],
    p_session uuid, OUT outcome text, OUT known text, OUT sale recharges
) LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean;
    v_at timestamptz;
    v_wallet record;
BEGIN
    v_is_new := lock_line(p_phone);
    SELECT r.* INTO sale FROM recharges AS r WHERE r.user_id = p_user AND r.idempotency_key = p_key;
    IF FOUND THEN
        outcome := CASE WHEN sale.request_hash = p_hash THEN 'replayed' ELSE 'idempotency_key_reused' END;
        RETURN;
    END IF;
    v_at := coalesce(p_pinned, clock_timestamp());
    SELECT r.outcome, r.known INTO outcome, known FROM bill_refusal(
        p_user, p_phone, p_operator, p_bill_reference, p_amount, p_bounds, p_session, p_context, v_at) AS r;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    v_wallet := wallet_transfer(
        p_user, new_uuid7(), 'user:main', 'user:held', p_amount, ledger_code('hold'), p_id::text, p_id, p_phone, 'postpaid',
        p_source, 'wallet', NULL, v_at, p_operator);
    IF v_wallet.posted_after IS NULL THEN
        outcome := 'insufficient_balance';
        RETURN;
    END IF;
    sale := add_bill_payment(
        p_user, p_id, p_key, p_hash, p_phone, p_operator, p_circle, p_bill, p_bill_reference, p_amount, p_source, 'wallet', NULL,
        v_wallet.posted_after - v_wallet.held_after, v_at);
    PERFORM queue_bill_payment(
        p_user, p_id, p_phone, p_operator, p_bill_reference, p_amount, v_at, p_context ->> 'traceparent');
    PERFORM announce_recharge(
        'RechargeAccepted', sale, jsonb_build_object('held_paise', p_amount), p_context);
    outcome := 'done';
END $$;
