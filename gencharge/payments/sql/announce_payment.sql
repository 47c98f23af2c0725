-- Announces something about a payment: an event of `p_topic`. `p_more` is added to the fields that every such event has.
-- Returns the event's id. Takes no lock.
CREATE OR REPLACE FUNCTION announce_payment(p_topic text, p_payment payments, p_more jsonb, p_context jsonb) RETURNS uuid
LANGUAGE plpgsql AS $$
BEGIN
    RETURN add_event(p_payment.user_id, p_topic, jsonb_build_object(
        'user_id', p_payment.user_id, 'payment_id', p_payment.payment_id, 'purpose', p_payment.purpose,
        'reference_id', p_payment.reference_id, 'amount_paise', p_payment.amount) || p_more, p_context);
END $$;
