-- Accounts and principals are found by their id at every request that shows a
-- token: the rows themselves are kept in the order of their ids, so that finding
-- one is one descent instead of two. Nothing that stands in them changes.

CREATE TABLE accounts_by_id (
    id TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL REFERENCES accounts (id),
    alias TEXT UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    independent_billing BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO accounts_by_id
SELECT id, kind, owner_id, alias, name, status, independent_billing, created_at, updated_at FROM accounts ORDER BY id;
DROP TABLE accounts;
ALTER TABLE accounts_by_id RENAME TO accounts;
CREATE INDEX accounts_by_owner ON accounts (owner_id);

CREATE TABLE principals_by_id (
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
) WITHOUT ROWID;
INSERT INTO principals_by_id
SELECT id, kind, account_id, username, username_key, display_name, status, must_change_password, claims, created_at,
    updated_at
FROM principals ORDER BY id;
DROP TABLE principals;
ALTER TABLE principals_by_id RENAME TO principals;
