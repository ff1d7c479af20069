//! What an operator does, and what it ends.

use std::time::Duration;

use menshen::base::id::{ClientId, PrincipalId, SessionId};
use menshen::base::{Secret, TokenHash};
use menshen::domain::client::ClientStatus;
use menshen::domain::{Acr, Amr, Assurance, AuditKind, Standing};
use menshen::identity::clients::ClientError;
use menshen::identity::{MustChange, OperatorError, Switch, by_operator};
use menshen::protocol::{ClientMetadata, Scope};
use menshen::store::grants::NewGrant;
use menshen::store::sign_ins::NewSignIn;
use menshen::store::{audit, browsers, grants, sign_ins};
use rstest::rstest;

use super::support::{ACME, House};
use crate::support::database::Backend;

/// Signs somebody in in a browser of their own, with a grant for a client.
async fn sign_in(house: &House, who: &PrincipalId) {
    let (who, now) = (who.clone(), menshen::base::Clock::now(&house.clock));
    let signed_in = house.store.write(move |tx| {
        let browser = browsers::insert(tx, &TokenHash::new([7; 32]))?;
        let assurance = Assurance { amr: vec![Amr::Password], acr: Acr::Aal1 };
        let later = now + Duration::from_secs(3_600);
        let new = NewSignIn {
            browser,
            principal: &who,
            method: "password",
            assurance: &assurance,
            auth_time: now,
            idle_expires_at: later,
            absolute_expires_at: later,
            remember: false,
            address: "-",
            user_agent: "-",
        };
        let sign_in = sign_ins::put(tx, &new)?;
        let grant = NewGrant {
            client: &ClientId::from_text("console"),
            principal: &who,
            sign_in,
            sid: &SessionId::from_text("sid"),
            scope: &Scope::parse("openid offline_access").expect("a scope"),
            resources: &[],
            claims: "",
            nonce: None,
            offline: true,
            auth_time: now,
            assurance: &assurance,
            expires_at: later,
        };
        grants::insert(tx, &grant)
    });
    signed_in.await.unwrap();
}

/// Live sign-ins and grants.
async fn live(house: &House, who: &PrincipalId) -> (usize, usize) {
    let who = who.clone();
    let counted =
        house.store.read(move |tx| Ok((sign_ins::live_of_principal(tx, &who)?.len(), grants::list(tx, &who)?.len())));
    counted.await.unwrap()
}

async fn id_of(house: &House, who: &str) -> PrincipalId {
    house.identity.portray(who).await.unwrap().principal.id
}

#[rstest]
#[tokio::test]
async fn everybody_is_found_by_every_name(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let (root, alice) = (id_of(&house, "ops@acme.example").await, id_of(&house, "alice@acme").await);
    for name in [" OPS@ACME.example", "104857600000", "acme", root.as_str()] {
        assert_eq!(id_of(&house, name).await, root, "{name}");
    }
    for name in ["Alice@104857600000", "ALICE@Acme", alice.as_str()] {
        assert_eq!(id_of(&house, name).await, alice, "{name}");
    }
    for name in ["", "nobody", "alice@globex", "x@y.example", "p_nobody", "104857600001", "@", "alice@"] {
        let found = house.identity.portray(name).await.err();
        assert!(matches!(found, Some(OperatorError::Unknown)), "{name}");
    }
    let shown = house.identity.portray("acme").await.unwrap();
    assert_eq!((shown.contacts.len(), shown.sub_accounts.len(), shown.iam_users.len()), (2, 1, 1));
}

/// Hostile case LC-01.
#[rstest]
#[tokio::test]
async fn lc_01_disabling_ends_sign_ins_and_grants_for_good(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let (alice, dev) = (id_of(&house, "alice@acme").await, id_of(&house, "dev@acme.example").await);
    for who in [&alice, &dev] {
        sign_in(&house, who).await;
        assert_eq!(live(&house, who).await, (1, 1));
    }
    let origin = by_operator();
    assert!(house.identity.switch("alice@acme", Switch::Disable, &origin).await.unwrap());
    assert_eq!((live(&house, &alice).await, live(&house, &dev).await), ((0, 0), (1, 1)));
    assert!(!house.identity.switch("alice@acme", Switch::Disable, &origin).await.unwrap());
    assert!(house.identity.switch("alice@acme", Switch::Enable, &origin).await.unwrap());
    assert_eq!(live(&house, &alice).await, (0, 0), "nothing comes back");
    sign_in(&house, &alice).await;
    assert!(house.identity.switch("acme", Switch::Disable, &origin).await.unwrap());
    assert_eq!((live(&house, &alice).await, live(&house, &dev).await), ((0, 0), (0, 0)), "everybody under it");
}

/// Hostile case LC-02.
#[rstest]
#[tokio::test]
async fn lc_02_suspending_stops_everybody_under_the_account_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let origin = by_operator();
    let standing = async |who: &str| house.identity.portray(who).await.unwrap().principal.standing();
    assert!(house.identity.switch("acme", Switch::Suspend, &origin).await.unwrap());
    for who in ["acme", "dev@acme.example", "alice@acme"] {
        assert_eq!(standing(who).await, Standing::OwnerSuspended, "{who}");
    }
    for (who, switch) in [("acme", Switch::Enable), ("acme", Switch::Disable), ("alice@acme", Switch::Suspend)] {
        assert!(house.identity.switch(who, switch, &origin).await.is_err(), "{who} {switch:?}");
    }
    assert!(house.identity.switch("acme", Switch::Resume, &origin).await.unwrap());
    for who in ["acme", "dev@acme.example", "alice@acme"] {
        assert_eq!(standing(who).await, Standing::Good, "{who}");
    }
    let events = house.store.read(|tx| audit::latest(tx, 2)).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.kind, event.detail.as_str())).collect();
    assert_eq!(told, [(AuditKind::AccountChanged, "active"), (AuditKind::AccountChanged, "suspended")]);
}

#[rstest]
#[tokio::test]
async fn a_reset_password_ends_everything_and_may_have_to_be_changed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let house = House::new(backend);
    house.apply(ACME).await;
    let alice = id_of(&house, "alice@acme").await;
    sign_in(&house, &alice).await;
    let (origin, password) = (by_operator(), house.identity.fresh_password());
    house.identity.reset_password("alice@acme", &password, MustChange::AtNextLogin, &origin).await.unwrap();
    assert_eq!(live(&house, &alice).await, (0, 0));
    assert!(house.identity.portray("alice@acme").await.unwrap().principal.must_change_password);
    house.identity.reset_password("alice@acme", &password, MustChange::No, &origin).await.unwrap();
    assert!(!house.identity.portray("alice@acme").await.unwrap().principal.must_change_password);
    let weak = Secret::new("alice@acme".to_owned());
    let refused = house.identity.reset_password("alice@acme", &weak, MustChange::No, &origin).await;
    assert!(matches!(refused, Err(OperatorError::Weak(_))));
}

#[rstest]
#[tokio::test]
async fn a_client_has_two_secrets_while_they_overlap(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let house = House::new(backend);
    let (origin, id) = (by_operator(), ClientId::from_text("billing"));
    let metadata =
        ClientMetadata { redirect_uris: vec!["https://rp.example/callback".into()], ..ClientMetadata::default() };
    let made = house.identity.create_client(Some(id.clone()), metadata.clone(), &origin).await.unwrap();
    assert!(made.secret.unwrap().expose().starts_with("mcs_"));
    let again = house.identity.create_client(Some(id.clone()), metadata, &origin).await.err();
    assert!(matches!(again, Some(ClientError::Taken)));
    let day = Duration::from_secs(86_400);
    let rotated = house.identity.rotate_client_secret(id.clone(), day, &origin).await.unwrap().client;
    let now = menshen::base::Clock::now(&house.clock);
    assert_eq!(rotated.previous_secret_hash, made.client.secret_hash.map(|hash| (hash, now + day)));
    assert_ne!(rotated.secret_hash, rotated.previous_secret_hash.map(|(hash, _until)| hash));
    let at_once = house.identity.rotate_client_secret(id.clone(), Duration::ZERO, &origin).await.unwrap().client;
    assert_eq!(at_once.previous_secret_hash, None);
    assert!(house.identity.set_client_status(id.clone(), ClientStatus::Disabled, &origin).await.unwrap());
    assert!(!house.identity.set_client_status(id.clone(), ClientStatus::Disabled, &origin).await.unwrap());
    assert_eq!(house.identity.load_client(id).await.unwrap().status, ClientStatus::Disabled);
}
