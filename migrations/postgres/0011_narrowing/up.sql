-- The login methods that an owner leaves its people: a list of names as JSON;
-- an empty one leaves them all.
ALTER TABLE account_policies ADD COLUMN login_methods TEXT NOT NULL DEFAULT '[]';
