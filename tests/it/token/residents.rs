//! Who lives in the [`House`](super::house::House), and its keys.

use std::sync::OnceLock;
use std::time::Duration;

use menshen::base::id::{AccountId, BrowserId, ClientId, PrincipalId, ResourceId, SignInId};
use menshen::base::{Entropy, SeededEntropy, Timestamp, TokenHash};
use menshen::domain::{
    Account, AccountKind, AccountStatus, Acr, Amr, Assurance, ContactKind, KeyState, Principal, PrincipalKind,
    PrincipalStatus, Resource, SigningKeyRecord,
};
use menshen::keys::{Aad, Purpose, SigningKey, Vault};
use menshen::protocol::Scope;
use menshen::protocol::client_metadata::SigningAlg;
use menshen::store::identifiers::NewIdentifier;
use menshen::store::sign_ins::NewSignIn;
use menshen::store::{StoreResult, Tx, accounts, browsers, identifiers, principals, resources, sign_ins};
use serde_json::json;

use super::house::API;

pub fn root() -> Principal {
    let id = AccountId::from_text("104857600000");
    let claims = json!({"given_name": "Wei", "birthdate": "1990-01-01", "address": {"country": "CN"}});
    Principal {
        id: PrincipalId::from_text("p_root"),
        kind: PrincipalKind::Root,
        account: Account {
            id: id.clone(),
            kind: AccountKind::Main,
            owner_id: id,
            alias: Some("acme".to_owned()),
            name: "Acme".to_owned(),
            status: AccountStatus::Active,
            independent_billing: false,
        },
        username: None,
        display_name: "Acme 运维".to_owned(),
        status: PrincipalStatus::Active,
        owner_status: AccountStatus::Active,
        owner_alias: Some("acme".to_owned()),
        must_change_password: false,
        claims: claims.as_object().cloned().unwrap_or_default(),
    }
}

pub fn populate(tx: &mut Tx<'_>, root: &Principal, sealed: &[u8], now: Timestamp) -> StoreResult<SignInId> {
    accounts::insert(tx, &root.account)?;
    principals::insert(tx, root, None)?;
    let (kind, verified_at) = (ContactKind::Email, Some(now));
    let email = NewIdentifier { principal: &root.id, kind, lookup: [1; 32], sealed: sealed.to_vec(), verified_at };
    identifiers::insert(tx, &email)?;
    let api = Resource {
        id: ResourceId::from_text(API),
        scopes: Scope::parse("ecs:read ecs:write").expect("a scope"),
        introspection_client: Some(ClientId::from_text("api")),
    };
    resources::put(tx, &api)?;
    let browser: BrowserId = browsers::insert(tx, &TokenHash::new([3; 32]))?;
    sign_ins::put(
        tx,
        &NewSignIn {
            browser,
            principal: &root.id,
            method: "password",
            assurance: &Assurance { amr: vec![Amr::Password], acr: Acr::Aal1 },
            auth_time: now,
            idle_expires_at: now + Duration::from_secs(3 * 3_600),
            absolute_expires_at: now + Duration::from_secs(24 * 3_600),
            remember: false,
            address: "192.0.2.1",
            user_agent: "test",
        },
    )
}

/// One active key of each algorithm, made once: an RSA key takes its time.
pub fn records(vault: &Vault) -> &'static [SigningKeyRecord] {
    static RECORDS: OnceLock<Vec<SigningKeyRecord>> = OnceLock::new();
    RECORDS.get_or_init(|| SigningAlg::ALL.into_iter().map(|algorithm| record(vault, algorithm)).collect())
}

fn record(vault: &Vault, algorithm: SigningAlg) -> SigningKeyRecord {
    let key = SigningKey::generate(algorithm).expect("a key");
    let kid = key.public().kid.clone();
    let place = Aad { table: "signing_keys", column: "private_sealed", row: &kid };
    let entropy: &dyn Entropy = &SeededEntropy::new(5);
    let private = key.to_pkcs8().expect("PKCS#8");
    let private_sealed = vault.seal(Purpose::SigningKeySeal, &place, private.expose(), entropy).expect("a sealed key");
    SigningKeyRecord {
        public_jwk: serde_json::to_string(key.public()).expect("a JWK"),
        kid,
        algorithm,
        state: KeyState::Active,
        private_sealed,
        created_at: Timestamp::EPOCH,
        activated_at: Some(Timestamp::EPOCH),
        retired_at: None,
        expires_at: None,
    }
}
