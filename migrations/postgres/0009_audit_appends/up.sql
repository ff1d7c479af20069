-- Codes and tokens are most of the trail and nobody looks them up by person:
-- without an entry of their own in this index, writing them down is an append.
DROP INDEX audit_events_by_principal;
CREATE INDEX audit_events_by_principal ON audit_events (principal_id, id)
    WHERE kind <> 'code.issued' AND kind <> 'tokens.issued';
