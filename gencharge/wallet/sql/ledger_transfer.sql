-- Moves money between two accounts of the house (gateway, operator, revenue, suspense...), on behalf of a customer whose
-- wallet it leaves alone. Amount in paise; `p_code` is of ledger_code(). Raises invalid_parameter_value if a customer's
-- account is on either side: that is wallet_transfer's work. Takes no lock.
CREATE OR REPLACE FUNCTION ledger_transfer(
    p_user uuid, p_debit text, p_credit text, p_amount bigint, p_code smallint, p_key text, p_reference uuid,
    p_phone text, p_service_type text, p_source text, p_payment_method text, p_operator text, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_id uuid := new_uuid7();
BEGIN
    IF starts_with(p_debit, 'user:') OR starts_with(p_credit, 'user:') THEN
        RAISE EXCEPTION 'a transfer from % to % moves a wallet: use wallet_transfer', p_debit, p_credit
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO transfers (user_id, id, debit, credit, amount, code, key, reference_id, phone_number, service_type,
                           source, payment_method, operator, created_at)
    VALUES (p_user, v_id, p_debit, p_credit, p_amount, p_code, p_key, p_reference, p_phone, p_service_type,
            p_source, p_payment_method, p_operator, p_now);
END $$;
