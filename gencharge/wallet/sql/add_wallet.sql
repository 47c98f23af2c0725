-- Gives a customer an empty wallet; nothing happens if there is one. Takes no lock.
CREATE OR REPLACE FUNCTION add_wallet(p_user uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO wallets (user_id) VALUES (p_user) ON CONFLICT DO NOTHING;
END $$;
