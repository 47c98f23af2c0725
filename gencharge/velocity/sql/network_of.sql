-- The part of an address that one subscriber has: all of IPv4, the first 64 bits of IPv6. Empty for a text that is no address, and for
-- NULL. Takes no lock.
CREATE OR REPLACE FUNCTION network_of(p_address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_address inet;
BEGIN
    v_address := p_address::inet;
    IF v_address IS NULL THEN
        RETURN '';
    ELSIF family(v_address) = 4 THEN
        RETURN host(v_address);
    ELSIF v_address <<= inet '::ffff:0:0/96' THEN
        RETURN host(inet '0.0.0.0' + (v_address - inet '::ffff:0:0'));
    END IF;
    RETURN host(network(set_masklen(v_address, 64)));
EXCEPTION WHEN invalid_text_representation THEN
    RETURN '';
END $$;
