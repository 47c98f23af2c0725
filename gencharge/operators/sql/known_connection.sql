-- What is known of a number: the user's own statement if there is one, else a registry's, else NULLs. Both
-- are in one range of the primary key, at most two rows. Takes no lock.
CREATE OR REPLACE FUNCTION known_connection(
    p_phone text, p_user uuid, OUT operator text, OUT circle text, OUT service_type text
) LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    SELECT c.operator, c.circle, c.service_type INTO operator, circle, service_type
    FROM connections AS c
    WHERE c.phone_number = p_phone
      AND c.user_id IN (p_user, '00000000-0000-0000-0000-000000000000'::uuid)
    -- The registry's id is the lowest, so the key gives the rows in this order.
    ORDER BY c.user_id DESC
    LIMIT 1;
END $$;
