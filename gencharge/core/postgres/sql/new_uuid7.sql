-- A UUIDv7 (RFC 9562) on any supported version of PostgreSQL: 48 bits of milliseconds over a random UUIDv4. Takes no lock.
CREATE OR REPLACE FUNCTION new_uuid7() RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
        substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid;
END $$;
