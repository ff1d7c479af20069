//! The schema: applied once, by whoever comes first, and never by an older program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use menshen::store::{Schema, Store, StoreError, StoreOptions, migrate};
use rstest::rstest;

use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::database::TestDatabase;

#[rstest]
fn nodes_that_start_at_once_migrate_once(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::empty(backend);
    let runs: Vec<_> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate::run(database.url()).unwrap())).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let migrated = runs.iter().filter(|versions| !versions.pending.is_empty()).count();
    assert_eq!(migrated, 1);
    assert!(migrate::status(database.url()).unwrap().pending.is_empty());
}

#[rstest]
fn a_schema_from_a_newer_program_is_refused(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::new(backend);
    migrate::run(database.url()).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
    database.connect().batch_execute(newer).unwrap();
    let open = Store::open(database.url(), TestDatabase::options(), Arc::new(TestDatabase::clock()));
    let error = open.err().expect("refused");
    assert!(matches!(&error, StoreError::Schema(text) if text.contains("9999")), "{error}");
    assert!(migrate::status(database.url()).is_err());
}

#[rstest]
fn an_old_schema_is_refused_when_it_must_be_current(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::empty(backend);
    let options = StoreOptions { schema: Schema::Require, ..TestDatabase::options() };
    let open = || Store::open(database.url(), options.clone(), Arc::new(TestDatabase::clock()));
    assert!(matches!(open().err(), Some(StoreError::Schema(_))));
    assert!(columns(&database, backend).is_empty(), "looking leaves nothing behind");
    migrate::run(database.url()).unwrap();
    assert!(open().is_ok());
}

#[rstest]
fn the_migrations_make_the_tables_that_diesel_knows(#[values(Sqlite, Postgres)] backend: Backend) {
    let database = TestDatabase::new(backend);
    migrate::run(database.url()).unwrap();
    assert_eq!(columns(&database, backend), known());
}

/// Everything up to `last`, as an older program left it.
fn as_of(database: &TestDatabase, last: &str) {
    let mut conn = database.connect();
    let versions = "CREATE TABLE __diesel_schema_migrations (
        version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    conn.batch_execute(versions).unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut steps: Vec<_> = fs::read_dir(all).unwrap().map(|step| step.unwrap().path()).collect();
    steps.sort();
    for step in steps {
        let version = step.file_name().unwrap().to_str().unwrap().split('_').next().unwrap().to_owned();
        if version.as_str() <= last {
            conn.batch_execute(&fs::read_to_string(step.join("up.sql")).unwrap()).unwrap();
            let row = format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')");
            conn.batch_execute(&row).unwrap();
        }
    }
}

/// PostgreSQL has nothing to move.
#[test]
fn accounts_and_people_of_an_older_schema_are_all_there_after_the_move_to_the_order_of_their_ids() {
    let database = TestDatabase::empty(Sqlite);
    as_of(&database, "0013");
    let people = "INSERT INTO accounts VALUES
            ('2', 'sub', '1', NULL, 'Lab', 'active', 1, 3, 4), ('1', 'main', '1', 'acme', 'Acme', 'active', 0, 1, 2);
        INSERT INTO principals VALUES
            ('p_b', 'sub_account', '2', NULL, NULL, 'Lab', 'active', 0, '{}', 3, 4),
            ('p_a', 'iam_user', '1', 'Alice', 'alice', 'Alice', 'disabled', 1, '{\"a\":1}', 1, 2);
        INSERT INTO agreements VALUES ('p_a', 'v1', 5, '127.0.0.1');";
    database.connect().batch_execute(people).unwrap();
    let moved = migrate::run(database.url()).unwrap();
    assert!(moved.pending.contains(&"0014".to_owned()), "{moved:?}");
    let mut conn = database.connect();
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let told =
        "SELECT id || kind || account_id || coalesce(username, '-') || coalesce(username_key, '-') || display_name
        || status || must_change_password || claims || created_at || updated_at AS text FROM principals ORDER BY id";
    let told = diesel::sql_query(told).load::<Line>(&mut conn).unwrap();
    assert_eq!(told[0].text, "p_aiam_user1AlicealiceAlicedisabled1{\"a\":1}12");
    assert_eq!(told[1].text, "p_bsub_account2--Labactive0{}34");
    let told = "SELECT id || kind || owner_id || coalesce(alias, '-') || name || status || independent_billing
        || created_at || updated_at AS text FROM accounts ORDER BY id";
    let told = diesel::sql_query(told).load::<Line>(&mut conn).unwrap();
    assert_eq!((told[0].text.as_str(), told[1].text.as_str()), ("1main1acmeAcmeactive012", "2sub1-Labactive134"));
    for refused in [
        "INSERT INTO agreements VALUES ('p_c', 'v1', 5, '127.0.0.1')",
        "DELETE FROM principals WHERE id = 'p_a'",
        "INSERT INTO accounts VALUES ('3', 'main', '3', 'acme', 'Acme', 'active', 0, 1, 2)",
        "INSERT INTO principals VALUES ('p_d', 'iam_user', '1', 'ALICE', 'alice', 'A', 'active', 0, '{}', 1, 2)",
    ] {
        assert!(conn.batch_execute(refused).is_err(), "{refused}");
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    nullable: String,
}

type Tables = BTreeMap<String, BTreeSet<String>>;

/// The tables of the database: each column as `name type`, with `?` when it may be null.
fn columns(database: &TestDatabase, backend: Backend) -> Tables {
    let sql = match backend {
        Sqlite => {
            "SELECT m.name AS \"table\", c.name AS name, c.type AS kind,
                    CASE c.\"notnull\" WHEN 0 THEN 'YES' ELSE 'NO' END AS nullable
             FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
               AND m.name <> '__diesel_schema_migrations'"
        }
        Postgres => {
            "SELECT table_name::text AS \"table\", column_name::text AS name, data_type::text AS kind, is_nullable::text AS nullable
             FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'"
        }
    };
    let rows: Vec<Column> = diesel::sql_query(sql).load(&mut database.connect()).unwrap();
    let mut tables = Tables::new();
    for Column { table, name, kind, nullable } in rows {
        let kind = match kind.to_lowercase().as_str() {
            "text" => "Text",
            "bigint" | "integer" => "BigInt",
            "boolean" => "Bool",
            "bytea" | "blob" => "Binary",
            other => panic!("{table}.{name} has type {other}, which the databases do not share"),
        };
        let optional = if nullable == "YES" { "?" } else { "" };
        tables.entry(table).or_default().insert(format!("{name} {kind}{optional}"));
    }
    tables
}

/// The tables of `schema.rs`, in the same form.
fn known() -> Tables {
    let mut tables = Tables::new();
    let mut table = String::new();
    for line in include_str!("../../../src/store/schema.rs").lines().map(str::trim) {
        if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let kind = kind.strip_prefix("Nullable<").map_or(kind.to_owned(), |kind| kind.replace('>', "?"));
            tables.entry(table.clone()).or_default().insert(format!("{column} {kind}"));
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            name.clone_into(&mut table);
        }
    }
    tables
}
