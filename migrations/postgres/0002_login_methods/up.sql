-- One-time codes that were sent, or that nobody was sent: of a contact without
-- an account there is a row like any other.
CREATE TABLE one_time_codes (
    id BIGSERIAL PRIMARY KEY,
    interaction_id BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    hash BYTEA NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX one_time_codes_by_expiry ON one_time_codes (expires_at);

-- What may be used once, by its keyed hash: states of upstream logins, tokens of
-- carriers and of vendors' apps.
CREATE TABLE used_once (
    hash BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_once_by_expiry ON used_once (expires_at);

-- An upstream identity attached to a principal; one of each connector.
CREATE TABLE bindings (
    id BIGSERIAL PRIMARY KEY,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    connector TEXT NOT NULL,
    name_sealed BYTEA,
    created_at BIGINT NOT NULL,
    UNIQUE (principal_id, connector)
);

-- The names by which an upstream identity is found again (unionid, openid, …),
-- as keyed hashes.
CREATE TABLE binding_keys (
    hash BYTEA PRIMARY KEY NOT NULL,
    binding_id BIGINT NOT NULL REFERENCES bindings (id),
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX binding_keys_by_binding ON binding_keys (binding_id);
