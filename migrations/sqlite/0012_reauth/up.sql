-- When an owner wants its people to prove themselves again although they are signed in.
-- After so many minutes without use; 0: not for that.
ALTER TABLE account_policies ADD COLUMN reauth_idle_minutes BIGINT NOT NULL DEFAULT 0;
-- Whenever the root account is picked in a chooser.
ALTER TABLE account_policies ADD COLUMN reauth_root BOOLEAN NOT NULL DEFAULT FALSE;
-- When a request comes from another kind of browser, or another country, than the last proof.
ALTER TABLE account_policies ADD COLUMN reauth_on_change BOOLEAN NOT NULL DEFAULT FALSE;
