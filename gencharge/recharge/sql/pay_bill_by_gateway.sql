-- Places the payment of a postpaid bill, or of a part of it, that a gateway collects: a recharge without a plan that waits for its
-- payment. The gateway's order exists already (its payment row is p_payment). Nothing is held and nobody's bill is blocked until
-- the money has come; pay_recharge then hands it to the operator, or the money goes to the wallet.
--
-- `outcome` is 'done', 'replayed' or 'idempotency_key_reused' (`sale` is that recharge), or what bill_refusal says (`known`, too). p_method is
-- how the customer pays; the other parameters are those of pay_bill_from_wallet. A refusal changes
-- nothing but the list of what was held back.
--
-- Locks: the line.
CREATE OR REPLACE FUNCTION pay_bill_by_gateway(
    p_user uuid, p_id uuid, p_key text, p_hash bytea, p_phone text, p_operator text, p_circle text, p_bill uuid,
    p_bill_reference text, p_amount bigint, p_source text, p_method text, p_payment uuid, p_context jsonb,
    p_pinned timestamptz, p_bounds bigint[], p_session uuid, OUT outcome text, OUT known text, OUT sale recharges
) LANGUAGE plpgsql AS $$
DECLARE
    v_is_new boolean;
    v_at timestamptz;
    v_balance bigint;
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
    SELECT posted - held INTO v_balance FROM wallets WHERE user_id = p_user;
    sale := add_bill_payment(
        p_user, p_id, p_key, p_hash, p_phone, p_operator, p_circle, p_bill, p_bill_reference, p_amount, p_source, p_method, p_payment,
        coalesce(v_balance, 0), v_at);
    PERFORM announce_recharge('RechargePlaced', sale, jsonb_build_object(
        'payment_id', p_payment, 'gateway_paise', p_amount, 'wallet_paise', 0), p_context);
    outcome := 'done';
END $$;
