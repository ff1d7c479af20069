//! A database as a platform has it after years: principals and live refresh
//! tokens by the million, written straight into the tables.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use menshen::base::id::PrincipalId;
use menshen::base::{Clock, OpaqueKind, OpaqueTokens, SystemClock, SystemEntropy};
use menshen::domain::ContactKind;
use menshen::keys::{ContactKeys, Vault};

use crate::house::SCOPE;

/// Tokens, from all over the tables, whose text is known.
const SAMPLED: i64 = 20_000;
const HOUR: i64 = 3_600_000_000;

/// How much there is to be.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    pub principals: i64,
    pub refresh_tokens: i64,
}

/// Tokens to measure with.
pub struct Sample {
    pub access: Vec<String>,
    pub refresh: Vec<String>,
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Fills a database that no server has open.
pub fn fill(database: &Path, key_file: &Path, amount: Amount) -> Sample {
    let mut conn = SqliteConnection::establish(database.to_str().expect("UTF-8")).expect("connecting");
    let settings = "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
                    PRAGMA foreign_keys = OFF; PRAGMA cache_size = -500000;";
    conn.batch_execute(settings).expect("the settings");
    let indexes: Vec<Index> =
        diesel::sql_query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
            .load(&mut conn)
            .expect("the indexes");
    let now = SystemClock.now().micros();
    conn.batch_execute("BEGIN").expect("a transaction");
    for index in &indexes {
        conn.batch_execute(&format!("DROP INDEX {}", index.name)).expect("an index");
    }
    let vault = Arc::new(Vault::load(key_file, &SystemEntropy).expect("the key"));
    people(&mut conn, amount.principals / 2);
    contacts(&mut conn, &ContactKeys::new(Arc::clone(&vault)), amount.principals / 2);
    tokens(&mut conn, amount, now);
    let sample = sample(&mut conn, &vault.opaque_tokens(), amount, now);
    for index in &indexes {
        conn.batch_execute(&index.sql).expect("an index");
    }
    conn.batch_execute("COMMIT").expect("the end of the transaction");
    sample
}

/// Half of them hold an account each, the other half is an IAM user in each;
/// everybody is a copy of somebody who was applied.
fn people(conn: &mut SqliteConnection, half: i64) {
    let account = "printf('3%011d', i)";
    let (root, user) = ("printf('r%015d', i)", "printf('u%015d', i)");
    let columns = "kind, account_id, username, username_key, display_name, status, must_change_password, claims, \
                   created_at, updated_at";
    let credential = |whom: &str, id: &str| {
        format!(
            "INSERT INTO credentials (principal_id, method, data, created_at, updated_at)
             SELECT {id}, method, data, c.created_at, c.updated_at
             FROM n, credentials c JOIN principals p ON p.id = c.principal_id WHERE {whom}"
        )
    };
    let acme = "p.account_id = (SELECT id FROM accounts WHERE alias = 'acme')";
    let (acme_root, acme_user) = (format!("{acme} AND p.kind = 'root'"), format!("{acme} AND p.kind = 'iam_user'"));
    for statement in [
        format!(
            "INSERT INTO accounts SELECT {account}, kind, {account}, 'filled' || i, name, status, independent_billing,
             created_at, updated_at FROM n, accounts WHERE alias = 'acme'"
        ),
        credential(&acme_root, root),
        credential(&acme_user, user),
        format!(
            "INSERT INTO principals (id, {columns}) SELECT {root}, kind, {account}, NULL, NULL, display_name, status,
             must_change_password, claims, created_at, updated_at FROM n, (SELECT * FROM principals p WHERE {acme_root})"
        ),
        format!(
            "INSERT INTO principals (id, {columns}) SELECT {user}, kind, {account}, username, username_key,
             display_name, status, must_change_password, claims, created_at, updated_at
             FROM n, (SELECT * FROM principals p WHERE {acme_user})"
        ),
    ] {
        conn.batch_execute(&counting(half, &statement)).expect("people");
    }
}

/// An address for each of those who hold an account, sealed to them: what does not
/// open would be an error in the log at every answer that shows it.
fn contacts(conn: &mut SqliteConnection, keys: &ContactKeys, half: i64) {
    for i in 1..=half {
        let (root, address) = (format!("r{i:015}"), format!("ops{i}@filled.example"));
        let lookup = keys.lookup(ContactKind::Email, &address);
        let sealed = keys.seal(&PrincipalId::from_text(&root), ContactKind::Email, &address, &SystemEntropy);
        diesel::sql_query(
            "INSERT INTO identifiers (principal_id, kind, lookup, sealed, exclusive, verified_at, created_at)
             VALUES (?, 'email', ?, ?, ?, 1, 1)",
        )
        .bind::<Text, _>(root)
        .bind::<Binary, _>(lookup.as_slice())
        .bind::<Binary, _>(sealed.expect("a sealed address"))
        .bind::<Binary, _>(lookup.as_slice())
        .execute(conn)
        .expect("a contact");
    }
}

/// One grant for each refresh token, spread over everybody.
fn tokens(conn: &mut SqliteConnection, amount: Amount, now: i64) {
    let half = amount.principals / 2;
    let expires = now + 24 * 14 * HOUR;
    let grants = format!(
        "INSERT INTO grants (id, client_id, principal_id, sign_in_id, sid, scope, resources, claims, offline, auth_time,
         amr, acr, created_at, expires_at)
         SELECT i, 'console', printf(iif(i % 2, 'r%015d', 'u%015d'), 1 + (i * 7919) % {half}), 0, hex(randomblob(16)),
         '{SCOPE}', '', '', 1, {now}, 'pwd', 'aal1', {now}, {expires} FROM n"
    );
    let tokens = format!(
        "INSERT INTO refresh_tokens (id, hash, grant_id, issued_at, expires_at)
         SELECT i, randomblob(32), i, {now}, {expires} FROM n"
    );
    for statement in [grants, tokens] {
        conn.batch_execute(&counting(amount.refresh_tokens, &statement)).expect("tokens");
    }
}

/// Gives some of the rows a hash whose token is known, and an access token each.
fn sample(conn: &mut SqliteConnection, opaque: &OpaqueTokens, amount: Amount, now: i64) -> Sample {
    let mut sample = Sample { access: Vec::new(), refresh: Vec::new() };
    let count = SAMPLED.min(amount.refresh_tokens);
    for step in 0..count {
        // Neighbours in time are far apart in the table.
        let row = 1 + (step * 7919 % count) * (amount.refresh_tokens / count);
        let random = random_of(row);
        let hash = opaque.hash(OpaqueKind::Refresh, &random);
        diesel::sql_query("UPDATE refresh_tokens SET hash = ? WHERE id = ?")
            .bind::<Binary, _>(hash.as_bytes().as_slice())
            .bind::<BigInt, _>(row)
            .execute(conn)
            .expect("a refresh token");
        diesel::sql_query(
            "INSERT INTO access_tokens (id, hash, grant_id, client_id, scope, audience, issued_at, expires_at)
             VALUES (?, ?, ?, 'console', ?, 'https://api.acme.example', ?, ?)",
        )
        .bind::<BigInt, _>(step + 1)
        .bind::<Binary, _>(opaque.hash(OpaqueKind::Access, &random).as_bytes().as_slice())
        .bind::<BigInt, _>(row)
        .bind::<Text, _>(SCOPE)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(now + 12 * HOUR)
        .execute(conn)
        .expect("an access token");
        sample.access.push(opaque.text(OpaqueKind::Access, step + 1, &random).expose().clone());
        sample.refresh.push(opaque.text(OpaqueKind::Refresh, row, &random).expose().clone());
    }
    sample
}

/// The random part of a sampled row: known to us, like no other.
fn random_of(row: i64) -> [u8; 32] {
    digest(&SHA256, &row.to_be_bytes()).as_ref().try_into().expect("32 bytes")
}

/// A statement over `n(i)`, the numbers from 1 to `count`.
fn counting(count: i64, statement: &str) -> String {
    format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) {statement}")
}
