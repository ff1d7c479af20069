-- SQLite keeps accounts and principals in the order of their ids from here on.
-- PostgreSQL keeps a heap beside its indexes whatever is said here.
SELECT 1;
