//! Floor 3: the database, SQLite and PostgreSQL with one set of queries.
