-- Deals, and all that belongs to them. Numbers are without a sign and below 2^63: times in Unix
-- milliseconds, dates in Unix seconds, money in satoshi. Texts that rows are found by compare
-- bytewise, whatever the database's language.

-- The last version and the last event. Who changes anything locks this row first: so changes are
-- decided one after another, and events become visible in the order of their numbers.
CREATE TABLE deals_numbers (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL,
    event bigint NOT NULL
);
INSERT INTO deals_numbers (version, event) VALUES (0, 0);

CREATE TABLE deals_position (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL,
    body json NOT NULL
);

CREATE TABLE deals_accounts (
    address text COLLATE "C" PRIMARY KEY,
    module text COLLATE "C",
    version bigint NOT NULL,
    body json NOT NULL
);
CREATE INDEX ON deals_accounts (module, address) WHERE module IS NOT NULL;

CREATE TABLE deals_deals (
    code bytea PRIMARY KEY,
    payment_address text COLLATE "C" NOT NULL UNIQUE,
    date bigint NOT NULL,
    seller text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    module text COLLATE "C",
    state smallint NOT NULL,
    is_finished boolean NOT NULL,
    height bigint,
    words text[] NOT NULL,
    version bigint NOT NULL,
    body json NOT NULL
);
CREATE INDEX ON deals_deals (date, code);
CREATE INDEX ON deals_deals (seller, date, code);
CREATE INDEX ON deals_deals (customer, date, code);
CREATE INDEX ON deals_deals (site, date, code);
CREATE INDEX ON deals_deals (module, date, code) WHERE module IS NOT NULL;
CREATE INDEX ON deals_deals (state, date, code);
CREATE INDEX ON deals_deals (code) WHERE NOT is_finished;
CREATE INDEX ON deals_deals (height, code) WHERE height IS NOT NULL;
CREATE INDEX ON deals_deals USING gin (words);

CREATE TABLE deals_feedback (
    code bytea PRIMARY KEY,
    seller text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    status smallint NOT NULL CHECK (status BETWEEN -1 AND 1),
    comments text NOT NULL,
    sum bigint NOT NULL,
    at_ms bigint NOT NULL
);
CREATE INDEX ON deals_feedback (at_ms, code);
CREATE INDEX ON deals_feedback (seller, at_ms, code);
CREATE INDEX ON deals_feedback (customer, at_ms, code);

CREATE TABLE deals_events (
    id bigint PRIMARY KEY,
    deal bytea,
    kind text NOT NULL,
    at_ms bigint NOT NULL,
    data text NOT NULL
);
CREATE INDEX ON deals_events (deal, id) WHERE deal IS NOT NULL;

CREATE TABLE deals_webhooks (
    id text COLLATE "C" PRIMARY KEY,
    body json NOT NULL
);

CREATE TABLE deals_deliveries (
    webhook text COLLATE "C" NOT NULL,
    event bigint NOT NULL,
    due_ms bigint NOT NULL,
    attempts bigint NOT NULL,
    last_error text NOT NULL,
    PRIMARY KEY (webhook, event)
);
CREATE INDEX ON deals_deliveries (due_ms, event, webhook);

CREATE TABLE deals_replies (
    caller text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_hash bytea NOT NULL,
    reply bytea NOT NULL,
    expires_ms bigint NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX ON deals_replies (expires_ms);

CREATE TABLE deals_secrets (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL,
    expires_ms bigint,
    version bigint NOT NULL
);
CREATE INDEX ON deals_secrets (expires_ms) WHERE expires_ms IS NOT NULL;
