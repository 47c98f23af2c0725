-- The bounds that hold for a customer and a number at p_at: `p_bounds`, times the factors of the allowances that the staff gave. In
-- the order of VelocityRule; NULL: no such rule. The fifth and sixth are those on a number. Takes no lock.
CREATE OR REPLACE FUNCTION velocity_bounds(p_bounds bigint[], p_user uuid, p_phone text, p_at timestamptz) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    v_of_user integer;
    v_of_number integer;
    v_user_subject text := 'user:' || p_user;
    v_number_subject text := 'number:' || p_phone;
BEGIN
    SELECT max(factor) INTO v_of_user FROM velocity_allowances WHERE subject = v_user_subject AND ends_at > p_at;
    SELECT max(factor) INTO v_of_number FROM velocity_allowances WHERE subject = v_number_subject AND ends_at > p_at;
    v_of_user := coalesce(v_of_user, 1);
    v_of_number := coalesce(v_of_number, 1);
    RETURN ARRAY[
        p_bounds[1] * v_of_user, p_bounds[2] * v_of_user, p_bounds[3] * v_of_user, p_bounds[4] * v_of_user,
        p_bounds[5] * v_of_number, p_bounds[6] * v_of_number, p_bounds[7] * v_of_user, p_bounds[8] * v_of_user,
        p_bounds[9] * v_of_user, p_bounds[10] * v_of_user, p_bounds[11] * v_of_user];
END $$;
