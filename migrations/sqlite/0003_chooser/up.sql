-- What an owner allows its own people.
CREATE TABLE account_policies (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id),
    -- Days that an IAM user may stay signed in when it asks for it; 0: not at all.
    iam_long_lived_days BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
