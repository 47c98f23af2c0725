-- How many paise more a customer may load now, by each limit of the KYC tier; NULL: there is no such limit. `p_limits`:
-- {"small": {"balance": paise, "month": paise | null, "year": paise | null}, "full": ...}. Months and financial years
-- (from 1 April) are India's. What was loaded counts as loaded, whatever happened to it later. Takes no lock: a caller that
-- credits holds the wallet's row.
CREATE OR REPLACE FUNCTION topup_room(
    p_user uuid, p_limits jsonb, p_now timestamptz,
    OUT balance_left bigint, OUT month_left bigint, OUT year_left bigint
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_india timestamp := p_now AT TIME ZONE 'Asia/Kolkata';
    v_month timestamptz := date_trunc('month', v_india) AT TIME ZONE 'Asia/Kolkata';
    v_year timestamptz :=
        (date_trunc('year', v_india - interval '3 months') + interval '3 months') AT TIME ZONE 'Asia/Kolkata';
    v_topup smallint := ledger_code('topup');
    v_tier text;
    v_limits jsonb;
    v_posted bigint;
    v_in_month bigint;
    v_in_year bigint;
BEGIN
    SELECT kyc_tier INTO v_tier FROM users WHERE user_id = p_user;
    v_limits := coalesce(p_limits -> v_tier, p_limits -> 'small');
    SELECT posted INTO v_posted FROM wallets WHERE user_id = p_user;
    SELECT coalesce(sum(amount) FILTER (WHERE created_at >= v_month), 0), coalesce(sum(amount), 0)
    INTO v_in_month, v_in_year
    FROM transfers WHERE user_id = p_user AND code = v_topup AND created_at >= v_year;
    balance_left := (v_limits ->> 'balance')::bigint - coalesce(v_posted, 0);
    month_left := (v_limits ->> 'month')::bigint - v_in_month;
    year_left := (v_limits ->> 'year')::bigint - v_in_year;
END $$;
