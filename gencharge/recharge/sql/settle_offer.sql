-- A recharge with an offer was delivered: we pay the operator the part of the price that the offer took off, and the customer the
-- cashback. Returns how many paise came into the wallet. Call it once, in the transaction of the delivery.
--
-- Locks the customer's wallet and what they owe; the caller holds the recharge.
CREATE OR REPLACE FUNCTION settle_offer(p_sale recharges, p_at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF p_sale.discount > 0 THEN
        PERFORM ledger_transfer(
            p_sale.user_id, 'discount', 'operator:' || lower(p_sale.operator), p_sale.discount, ledger_code('discount'),
            p_sale.id::text, p_sale.id, p_sale.phone_number, p_sale.plan_type, p_sale.source, NULL, p_sale.operator, p_at);
    END IF;
    IF p_sale.cashback = 0 THEN
        RETURN 0;
    END IF;
    RETURN pay_cashback(
        p_sale.user_id, p_sale.id, p_sale.phone_number, p_sale.plan_type, p_sale.source, p_sale.operator, p_at);
END $$;
