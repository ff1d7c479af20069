-- The whole first schema. Enums and ids are TEXT, times BIGINT (microseconds,
-- UTC), JSON is TEXT. Rows of tokens are found by their number alone, so their
-- tables only grow at the end. A number is never used twice.

CREATE TABLE accounts (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL REFERENCES accounts (id),
    alias TEXT UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    independent_billing BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX accounts_by_owner ON accounts (owner_id);

CREATE TABLE principals (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    username TEXT,
    username_key TEXT,
    display_name TEXT NOT NULL,
    status TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    claims TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, username_key)
);

-- E-mail addresses and phone numbers: a blind index to find them, a sealed
-- value to show them. `exclusive` holds what nobody else may have (an e-mail's
-- blind index); phones leave it empty, because a phone has many accounts.
CREATE TABLE identifiers (
    id BIGSERIAL PRIMARY KEY,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    kind TEXT NOT NULL,
    lookup BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    exclusive BYTEA UNIQUE,
    verified_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX identifiers_by_lookup ON identifiers (lookup);
CREATE INDEX identifiers_by_principal ON identifiers (principal_id);

CREATE TABLE credentials (
    id BIGSERIAL PRIMARY KEY,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    method TEXT NOT NULL,
    subject BYTEA,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (method, subject)
);
CREATE INDEX credentials_by_principal ON credentials (principal_id, method);

CREATE TABLE agreements (
    principal_id TEXT NOT NULL REFERENCES principals (id),
    version TEXT NOT NULL,
    accepted_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (principal_id, version)
);

CREATE TABLE clients (
    id TEXT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL,
    secret_hash BYTEA,
    previous_secret_hash BYTEA,
    previous_secret_until BIGINT,
    metadata TEXT NOT NULL,
    owner_account_id TEXT REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE resources (
    id TEXT PRIMARY KEY NOT NULL,
    scopes TEXT NOT NULL,
    introspection_client TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- One row a cookie. The old secret stays for a while after a rotation:
-- `confirmed_at` tells when the new one was first used.
CREATE TABLE browsers (
    id BIGSERIAL PRIMARY KEY,
    hash BYTEA NOT NULL,
    previous_hash BYTEA,
    rotated_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX browsers_by_last_seen ON browsers (last_seen_at);

CREATE TABLE sign_ins (
    id BIGSERIAL PRIMARY KEY,
    browser_id BIGINT NOT NULL REFERENCES browsers (id),
    principal_id TEXT NOT NULL REFERENCES principals (id),
    state TEXT NOT NULL,
    method TEXT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    remember BOOLEAN NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (browser_id, principal_id)
);
CREATE INDEX sign_ins_by_principal ON sign_ins (principal_id);

CREATE TABLE client_sessions (
    id BIGSERIAL PRIMARY KEY,
    sign_in_id BIGINT NOT NULL REFERENCES sign_ins (id),
    client_id TEXT NOT NULL,
    sid TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    UNIQUE (sign_in_id, client_id)
);

CREATE TABLE affinities (
    browser_id BIGINT NOT NULL REFERENCES browsers (id),
    client_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (browser_id, client_id)
);

CREATE TABLE interactions (
    id BIGSERIAL PRIMARY KEY,
    hash BYTEA NOT NULL,
    browser_id BIGINT NOT NULL,
    request TEXT NOT NULL,
    progress TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX interactions_by_expiry ON interactions (expires_at);

CREATE TABLE consents (
    principal_id TEXT NOT NULL REFERENCES principals (id),
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (principal_id, client_id)
);

CREATE TABLE grants (
    id BIGSERIAL PRIMARY KEY,
    client_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    sign_in_id BIGINT NOT NULL,
    sid TEXT NOT NULL,
    scope TEXT NOT NULL,
    resources TEXT NOT NULL,
    claims TEXT NOT NULL,
    nonce TEXT,
    offline BOOLEAN NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_why TEXT
);
CREATE INDEX grants_by_principal ON grants (principal_id, client_id);
CREATE INDEX grants_by_sign_in ON grants (sign_in_id);

CREATE TABLE codes (
    id BIGSERIAL PRIMARY KEY,
    hash BYTEA NOT NULL,
    grant_id BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);

CREATE TABLE refresh_tokens (
    id BIGSERIAL PRIMARY KEY,
    hash BYTEA NOT NULL,
    grant_id BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);

CREATE TABLE access_tokens (
    id BIGSERIAL PRIMARY KEY,
    hash BYTEA NOT NULL,
    grant_id BIGINT,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Access tokens in JWT form have no row; a revoked one is remembered here
-- until it would have expired.
CREATE TABLE revoked_jwts (
    jti TEXT PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE used_assertions (
    client_id TEXT NOT NULL,
    jti BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti)
);

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY NOT NULL,
    alg TEXT NOT NULL,
    state TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    private_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at BIGINT,
    expires_at BIGINT
);
-- Of two nodes that rotate at once one is refused.
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (alg) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (alg) WHERE state = 'next';

-- Counters of guesses and of volume, shared by all nodes. `bucket` is a keyed
-- hash of what is counted, so the table names nobody.
CREATE TABLE throttle_counters (
    bucket BYTEA PRIMARY KEY NOT NULL,
    count BIGINT NOT NULL,
    window_started_at BIGINT NOT NULL,
    next_allowed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE audit_events (
    id BIGSERIAL PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor TEXT NOT NULL,
    principal_id TEXT,
    account_id TEXT,
    client_id TEXT,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_events_by_principal ON audit_events (principal_id, id);

CREATE TABLE outbox (
    id BIGSERIAL PRIMARY KEY,
    kind TEXT NOT NULL,
    once_key TEXT NOT NULL UNIQUE,
    payload BYTEA NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_until BIGINT,
    done_at BIGINT,
    failed_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_by_due ON outbox (due_at);

-- Work that one node at a time does.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    held_until BIGINT NOT NULL
);
