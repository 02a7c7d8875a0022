-- Money: a user's balance is credited - charged. `credited` is the sum of the user's orders and
-- nothing else; `charged` only grows, and never above `credited` at the moment of the charge. All
-- functions run at READ COMMITTED: a statement that waited for another server's row sees what that
-- one left, so its conditions are checked again.

CREATE TABLE accounts_users (
    fid text PRIMARY KEY,
    credited bigint NOT NULL DEFAULT 0 CHECK (credited >= 0),
    charged bigint NOT NULL DEFAULT 0 CHECK (charged >= 0)
) WITH (fillfactor = 70);

CREATE TABLE accounts_sessions (
    name bytea PRIMARY KEY CHECK (length(name) = 6),
    key bytea NOT NULL CHECK (length(key) = 32),
    fid text NOT NULL UNIQUE,
    expires_ms bigint NOT NULL,
    -- Whether the user had never paid when it was opened.
    is_unpaid boolean NOT NULL
);
CREATE INDEX accounts_sessions_end ON accounts_sessions (expires_ms);
CREATE INDEX accounts_sessions_unpaid ON accounts_sessions (expires_ms DESC) WHERE is_unpaid;

CREATE TABLE accounts_nonces (
    fid text NOT NULL,
    nonce bigint NOT NULL,
    expires_ms bigint NOT NULL,
    PRIMARY KEY (fid, nonce)
);
CREATE INDEX accounts_nonces_end ON accounts_nonces (expires_ms);

CREATE TABLE accounts_orders (
    cash_id bytea PRIMARY KEY CHECK (length(cash_id) = 32),
    payer text NOT NULL,
    payee text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    "time" bigint NOT NULL,
    txid bytea NOT NULL CHECK (length(txid) = 32),
    index bigint NOT NULL,
    height bigint NOT NULL,
    block bytea NOT NULL CHECK (length(block) IN (0, 32)),
    via text
);
CREATE INDEX accounts_orders_position ON accounts_orders (height, cash_id);

-- True if the nonce was not used before, or its life is over.
CREATE FUNCTION accounts_accept_nonce(a_fid text, a_nonce bigint, an_end bigint, a_now bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_nonces AS known (fid, nonce, expires_ms) VALUES (a_fid, a_nonce, an_end)
    ON CONFLICT (fid, nonce) DO UPDATE SET expires_ms = EXCLUDED.expires_ms
        WHERE known.expires_ms <= a_now;
    RETURN FOUND;
END $$;

-- Uses the nonce and takes the amount, or neither. Outcome 0: paid; 1: insufficient; 2: replayed.
CREATE FUNCTION accounts_charge(
    a_session bytea, a_fid text, a_nonce bigint, an_end bigint, a_now bigint, an_amount bigint,
    OUT outcome integer, OUT balance bigint)
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT accounts_accept_nonce(a_fid, a_nonce, an_end, a_now) THEN
        outcome := 2;
    ELSIF an_amount = 0 THEN
        outcome := 0;
    ELSE
        UPDATE accounts_users SET charged = charged + an_amount
            WHERE fid = a_fid AND credited - charged >= an_amount
            RETURNING credited - charged INTO balance;
        IF FOUND THEN
            outcome := 0;
            RETURN;
        END IF;
        DELETE FROM accounts_sessions WHERE name = a_session AND fid = a_fid;
        outcome := 1;
    END IF;
    balance := coalesce((SELECT credited - charged FROM accounts_users WHERE fid = a_fid), 0);
END $$;

-- Gives the user a session in place of the former one, which stays if it is live and `a_keeps` says
-- so. Raises unique_violation if another user's live one has the name. Who never paid leaves no row
-- in accounts_users; two sign-ins of one user at the same time meet in the row of the session.
CREATE FUNCTION accounts_place_session(
    a_name bytea, a_key bytea, a_fid text, an_end bigint, a_keeps boolean, an_unpaid_life bigint,
    a_now bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    never_paid boolean :=
        NOT EXISTS (SELECT 1 FROM accounts_users WHERE fid = a_fid AND credited > 0);
BEGIN
    DELETE FROM accounts_sessions WHERE name = a_name AND fid <> a_fid AND expires_ms <= a_now;
    INSERT INTO accounts_sessions AS held (name, key, fid, expires_ms, is_unpaid)
        VALUES (a_name, a_key, a_fid,
            CASE WHEN never_paid THEN least(an_end, a_now + an_unpaid_life) ELSE an_end END,
            never_paid)
        ON CONFLICT (fid) DO UPDATE SET name = EXCLUDED.name, key = EXCLUDED.key,
            expires_ms = EXCLUDED.expires_ms, is_unpaid = EXCLUDED.is_unpaid
            WHERE NOT a_keeps OR held.expires_ms <= a_now;
END $$;

-- Uses the nonce, takes the amount and opens the session or finds the live one, all or nothing.
-- Outcome 0: done; 1: insufficient; 2: replayed; 3: another user's live session has the name.
CREATE FUNCTION accounts_sign_in(
    a_name bytea, a_key bytea, a_fid text, a_nonce bigint, a_nonce_end bigint, an_amount bigint,
    an_end bigint, a_keeps boolean, an_unpaid_life bigint, a_now bigint,
    OUT outcome integer, OUT balance bigint, OUT key bytea, OUT fid text, OUT expires_ms bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- Who has too little changes nothing, so that a crowd of them costs no writing.
    IF EXISTS (SELECT 1 FROM accounts_nonces n
            WHERE n.fid = a_fid AND n.nonce = a_nonce AND n.expires_ms > a_now) THEN
        outcome := 2;
    ELSIF an_amount > 0 AND NOT EXISTS (SELECT 1 FROM accounts_users u
            WHERE u.fid = a_fid AND u.credited - u.charged >= an_amount) THEN
        outcome := 1;
    ELSE
        BEGIN
            IF NOT accounts_accept_nonce(a_fid, a_nonce, a_nonce_end, a_now) THEN
                RAISE EXCEPTION USING ERRCODE = 'TA002';
            END IF;
            IF an_amount > 0 THEN
                UPDATE accounts_users u SET charged = u.charged + an_amount
                    WHERE u.fid = a_fid AND u.credited - u.charged >= an_amount;
                IF NOT FOUND THEN
                    RAISE EXCEPTION USING ERRCODE = 'TA001';
                END IF;
            END IF;
            PERFORM accounts_place_session(
                a_name, a_key, a_fid, an_end, a_keeps, an_unpaid_life, a_now);
            outcome := 0;
        EXCEPTION
            -- What this block did is undone.
            WHEN unique_violation THEN outcome := 3;
            WHEN SQLSTATE 'TA001' THEN outcome := 1;
            WHEN SQLSTATE 'TA002' THEN outcome := 2;
        END;
    END IF;
    SELECT s.key, s.fid, s.expires_ms INTO key, fid, expires_ms
        FROM accounts_sessions s WHERE s.fid = a_fid;
    balance := coalesce(
        (SELECT u.credited - u.charged FROM accounts_users u WHERE u.fid = a_fid), 0);
END $$;

-- True if the order was not counted before. One that was is known from now on by the block that it
-- was found in this time.
CREATE FUNCTION accounts_credit(
    a_cash bytea, a_payer text, a_payee text, an_amount bigint, a_time bigint, a_txid bytea,
    an_index bigint, a_height bigint, a_block bytea, a_via text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_fresh boolean;
BEGIN
    -- All orders are offered at every start of every server: most change nothing.
    IF EXISTS (SELECT 1 FROM accounts_orders
            WHERE cash_id = a_cash AND height = a_height AND block = a_block) THEN
        RETURN false;
    END IF;
    -- Inserted or moved in one statement, so that no revocation comes between. Of a row that this
    -- statement has inserted, and of no other, xmax is 0.
    INSERT INTO accounts_orders AS known
            (cash_id, payer, payee, amount, "time", txid, index, height, block, via)
        VALUES (a_cash, a_payer, a_payee, an_amount, a_time, a_txid, an_index, a_height, a_block,
            a_via)
        ON CONFLICT (cash_id) DO UPDATE SET "time" = EXCLUDED."time", index = EXCLUDED.index,
            height = EXCLUDED.height, block = EXCLUDED.block
        RETURNING known.xmax = 0 INTO is_fresh;
    IF is_fresh THEN
        INSERT INTO accounts_users AS known (fid, credited) VALUES (a_payer, an_amount)
            ON CONFLICT (fid) DO UPDATE SET credited = known.credited + EXCLUDED.credited;
    END IF;
    RETURN is_fresh;
END $$;

-- Takes back the orders that are known by exactly these blocks; returns how many there were.
CREATE FUNCTION accounts_revoke(the_cashes bytea[], the_heights bigint[], the_blocks bytea[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    revoked bigint;
BEGIN
    -- One at a time: two servers would lock the users in different orders.
    PERFORM pg_advisory_xact_lock(8386658456067994729);
    WITH undone AS (
        SELECT * FROM unnest(the_cashes, the_heights, the_blocks) AS undone (cash_id, height, block)
    ), gone AS (
        DELETE FROM accounts_orders AS known USING undone
            WHERE known.cash_id = undone.cash_id AND known.height = undone.height
                AND known.block = undone.block
            RETURNING known.payer, known.amount
    ), sums AS (
        SELECT payer, sum(amount)::bigint AS amount, count(*) AS orders FROM gone GROUP BY payer
    ), taken AS (
        UPDATE accounts_users SET credited = credited - sums.amount FROM sums
            WHERE fid = sums.payer RETURNING sums.orders
    )
    SELECT coalesce(sum(orders), 0)::bigint FROM taken INTO revoked;
    RETURN revoked;
END $$;
