-- The outbox is asked often what is due. What was delivered stays for a while,
-- and must not be walked over each time.
DROP INDEX outbox_by_due;
CREATE INDEX outbox_open ON outbox (due_at) WHERE done_at IS NULL AND failed_at IS NULL;
