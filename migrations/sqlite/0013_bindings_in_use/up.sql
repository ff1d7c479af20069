-- When an upstream identity signed its account in last; unknown for those that
-- did so before this was written down.
ALTER TABLE bindings ADD COLUMN last_used_at BIGINT;
