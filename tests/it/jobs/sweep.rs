//! Sweeping forgets what is over, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use menshen::base::id::{ClientId, PrincipalId, SessionId, SignInId};
use menshen::base::{Clock, Timestamp, TokenHash};
use menshen::domain::audit::Origin;
use menshen::domain::{Acr, Amr, Assurance, AuditEvent, AuditKind, Outcome};
use menshen::jobs::{Job, Sweep};
use menshen::protocol::Scope;
use menshen::store::access_tokens::NewAccessToken;
use menshen::store::codes::NewCode;
use menshen::store::grants::NewGrant;
use menshen::store::interactions::NewInteraction;
use menshen::store::schema;
use menshen::store::{
    StoreResult, Tx, access_tokens, audit, browsers, codes, grants, interactions, refresh_tokens, revoked_jwts,
    used_assertions,
};
use rstest::rstest;

use super::Cluster;
use crate::support::database::Backend;

const HOUR: Duration = Duration::from_secs(3_600);

/// One of everything that ends at `end`.
fn fill(tx: &mut Tx<'_>, end: Timestamp) -> StoreResult<()> {
    let (client, principal) = (ClientId::from_text("console"), PrincipalId::from_text("p_x"));
    let scope = Scope::parse("openid").unwrap();
    let grant = grants::insert(
        tx,
        &NewGrant {
            client: &client,
            principal: &principal,
            sign_in: SignInId::new(1),
            sid: &SessionId::from_text("s"),
            scope: &scope,
            resources: &[],
            claims: "",
            nonce: None,
            offline: false,
            auth_time: end,
            assurance: &Assurance { amr: vec![Amr::Password], acr: Acr::Aal1 },
            expires_at: end,
        },
    )?;
    let hash = TokenHash::new([1; 32]);
    let code = NewCode { hash, grant, client: &client, redirect_uri: "x", challenge: None, expires_at: end };
    codes::insert(tx, &code)?;
    refresh_tokens::insert(tx, hash, grant, end)?;
    let (issued_at, expires_at) = (end, end);
    let token = NewAccessToken {
        hash,
        grant: Some(grant),
        client: &client,
        scope: &scope,
        audience: &[],
        issued_at,
        expires_at,
    };
    access_tokens::insert(tx, &token)?;
    let jti = end.micros().to_string();
    revoked_jwts::insert(tx, &jti, end)?;
    used_assertions::insert(tx, &client, jti.as_bytes(), end)?;
    let browser = browsers::insert(tx, &hash)?;
    interactions::insert(tx, &NewInteraction { hash: &hash, browser, request: "{}", progress: "{}", expires_at: end })?;
    Ok(())
}

/// How many rows each table has.
async fn counts(cluster: &Cluster) -> [i64; 8] {
    use diesel::prelude::*;
    let store = cluster.store();
    let counted = store.read(|tx| {
        Ok([
            schema::grants::table.count().get_result(tx.conn())?,
            schema::codes::table.count().get_result(tx.conn())?,
            schema::refresh_tokens::table.count().get_result(tx.conn())?,
            schema::access_tokens::table.count().get_result(tx.conn())?,
            schema::revoked_jwts::table.count().get_result(tx.conn())?,
            schema::used_assertions::table.count().get_result(tx.conn())?,
            schema::interactions::table.count().get_result(tx.conn())?,
            schema::browsers::table.count().get_result(tx.conn())?,
        ])
    });
    counted.await.unwrap()
}

#[rstest]
#[tokio::test]
async fn what_is_over_goes_and_the_rest_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let store = cluster.store();
    let start = cluster.clock.now();
    store.write(move |tx| fill(tx, start + HOUR)).await.unwrap();
    store.write(move |tx| fill(tx, start + 100 * HOUR)).await.unwrap();
    let sweep = Sweep::new(store, Arc::new(cluster.clock.clone()), 1_000 * HOUR);
    sweep.step().await.unwrap();
    assert_eq!(counts(&cluster).await, [2; 8]);
    cluster.clock.advance(2 * HOUR);
    sweep.step().await.unwrap();
    assert_eq!(counts(&cluster).await, [1, 1, 1, 1, 1, 1, 2, 2], "pages and browsers are known a day longer");
    cluster.clock.advance(24 * HOUR);
    sweep.step().await.unwrap();
    assert_eq!(counts(&cluster).await, [1, 1, 1, 1, 1, 1, 1, 0]);
    cluster.clock.advance(200 * HOUR);
    sweep.step().await.unwrap();
    assert_eq!(counts(&cluster).await, [0; 8]);
}

#[rstest]
#[tokio::test]
async fn a_spent_code_is_known_while_its_family_lives(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let cluster = Cluster::new(backend);
    let store = cluster.store();
    let start = cluster.clock.now();
    store.write(move |tx| fill(tx, start + 100 * HOUR)).await.unwrap();
    let late = |tx: &mut Tx<'_>| {
        use diesel::prelude::*;
        diesel::update(schema::codes::table).set(schema::codes::expires_at.eq(0)).execute(tx.conn())?;
        Ok(())
    };
    store.write(late).await.unwrap();
    let sweep = Sweep::new(store, Arc::new(cluster.clock.clone()), 1_000 * HOUR);
    cluster.clock.advance(50 * HOUR);
    sweep.step().await.unwrap();
    assert_eq!(counts(&cluster).await[1], 1);
}

#[rstest]
#[tokio::test]
async fn the_audit_trail_is_kept_as_long_as_it_is_told_to(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let cluster = Cluster::new(backend);
    let store = cluster.store();
    let note = |tx: &mut Tx<'_>| {
        let origin = Origin { actor: "system".to_owned(), address: "-".to_owned(), request_id: "-".to_owned() };
        let event = AuditEvent::new(AuditKind::KeysRotated, Outcome::Success);
        (0..1_500).try_for_each(|_row| audit::record(tx, &event, &origin))
    };
    store.write(note).await.unwrap();
    cluster.clock.advance(10 * HOUR);
    store.write(note).await.unwrap();
    let sweep = Sweep::new(store.clone(), Arc::new(cluster.clock.clone()), 24 * HOUR);
    let left = async |after: Duration| {
        cluster.clock.advance(after);
        sweep.step().await.unwrap();
        store.read(|tx| audit::latest(tx, 10_000)).await.unwrap().len()
    };
    assert_eq!(left(13 * HOUR).await, 3_000);
    assert_eq!(left(2 * HOUR).await, 1_500, "more than one batch goes at once");
    assert_eq!(left(10 * HOUR).await, 0);
}
