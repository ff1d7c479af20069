//! A few accounts and the login methods before them.

use std::sync::Arc;

use menshen::authn::codes::{CodeParts, Codes};
use menshen::authn::hashing::{Arena, Cost, Hasher, NormalPassword, Passwords, StoredPassword};
use menshen::authn::throttle::Throttle;
use menshen::authn::{
    Attempt, Authenticator, CodeLimits, Deps, Form, KnownBrowser, Progress, Registry, Shortlist, Upstream,
};
use menshen::base::id::{AccountId, InteractionId, PrincipalId};
use menshen::base::{Clock, Entropy, SeededEntropy, TestClock};
use menshen::config::Config;
use menshen::connectors::Wire;
use menshen::domain::contact::{ContactKind, username_key};
use menshen::domain::{Account, AccountKind, AccountStatus, AuditEvent, Principal, PrincipalKind, PrincipalStatus};
use menshen::keys::contacts::ContactKeys;
use menshen::keys::{InteractionSeals, Purpose, Vault};
use menshen::notify::Post;
use menshen::outbound::Outbound;
use menshen::store::identifiers::{self, NewIdentifier};
use menshen::store::{Store, accounts, audit, credentials, principals};

use crate::support::database::{Backend, TestDatabase};

/// Accounts: `acme` (owns everything below) and `globex`.
pub const ACME: &str = "104857600000";
pub const GLOBEX: &str = "104857600001";

pub struct World {
    _database: TestDatabase,
    pub store: Store,
    pub clock: TestClock,
    pub deps: Deps,
    pub registry: Registry,
    hasher: Hasher,
    entropy: SeededEntropy,
}

/// Somebody to be made.
pub struct Person<'a> {
    pub id: &'a str,
    pub kind: PrincipalKind,
    pub account: &'a str,
    pub contacts: &'a [(ContactKind, &'a str)],
    pub username: Option<&'a str>,
    pub password: &'a str,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::configured(backend, "").await
    }

    pub async fn configured(backend: Backend, toml: &str) -> Self {
        let (database, clock) = (TestDatabase::new(backend), TestDatabase::clock());
        let store = database.open_with(TestDatabase::options(), Arc::new(clock.clone()));
        let mut config = Config::from_parts(toml, []).unwrap();
        config.hashing.memory_kib = 64;
        let vault = Arc::new(Vault::from_bytes(&[5; 32]));
        let hasher =
            || Hasher::new(vault.derive(Purpose::CredentialPepper), Cost::configured(&config.hashing)).unwrap();
        let deps = Deps {
            store: store.clone(),
            contacts: ContactKeys::new(Arc::clone(&vault)),
            passwords: Passwords::start(hasher(), &config.hashing).unwrap(),
            throttle: Throttle::new(vault.mac_key(Purpose::ThrottleKey), &config.throttle),
            codes: Codes::new(CodeParts {
                store: store.clone(),
                contacts: ContactKeys::new(Arc::clone(&vault)),
                key: vault.mac_key(Purpose::OneTimeCode),
                limits: CodeLimits::new(vault.mac_key(Purpose::ThrottleKey), &config.throttle),
                seals: InteractionSeals::new(Arc::clone(&vault)),
                post: Post::new(Arc::clone(&vault)),
            }),
            decoys: Arc::new(vault.mac_key(Purpose::Decoy)),
            upstream: Upstream::new(store.clone(), &vault, Arc::new(vault.opaque_tokens())),
            wire: Wire {
                outbound: Outbound::new(&config.outbound).unwrap(),
                clock: Arc::new(clock.clone()),
                entropy: Arc::new(SeededEntropy::new(12)),
            },
            accounts_per_phone: usize::try_from(config.login.max_accounts_per_phone).unwrap(),
            default_country: config.login.default_country.clone(),
            own_domain: Some("id.example".into()),
            sends_sms: config.sms.provider != menshen::config::SmsProvider::None,
        };
        let registry = Registry::from_config(&config.login, &deps).unwrap();
        let entropy = SeededEntropy::new(11);
        let world = Self { _database: database, store, clock, deps, registry, hasher: hasher(), entropy };
        world.account(ACME, "acme").await;
        world.account(GLOBEX, "globex").await;
        world
    }

    /// Acme's people: `p_ops` (root), `p_dev` (sub-account), `p_alice` (IAM user);
    /// the password of each is its id.
    pub async fn acme(backend: Backend) -> Self {
        let world = Self::new(backend).await;
        world.acme_people().await;
        world
    }

    pub async fn acme_people(&self) {
        self.sub_account("209715200000").await;
        let ops = [(ContactKind::Email, "ops@acme.example"), (ContactKind::Phone, "+8613800000001")];
        self.person(Person { contacts: &ops, ..person("p_ops", PrincipalKind::Root, ACME) }).await;
        let dev = [(ContactKind::Email, "dev@acme.example")];
        let sub = person("p_dev", PrincipalKind::SubAccount, "209715200000");
        self.person(Person { contacts: &dev, ..sub }).await;
        let alice = person("p_alice", PrincipalKind::IamUser, ACME);
        self.person(Person { username: Some("Alice"), ..alice }).await;
    }

    pub async fn account(&self, id: &str, alias: &str) {
        let account = account(id, id, AccountKind::Main, Some(alias));
        self.store.write(move |tx| accounts::insert(tx, &account)).await.unwrap();
    }

    async fn sub_account(&self, id: &str) {
        let account = account(id, ACME, AccountKind::Sub, None);
        self.store.write(move |tx| accounts::insert(tx, &account)).await.unwrap();
    }

    pub fn hash(&self, password: &str) -> StoredPassword {
        let (entropy, password): (&dyn Entropy, _) = (&self.entropy, NormalPassword::new(password).unwrap());
        self.hasher.hash(&password, &entropy.bytes(), &mut Arena::default()).unwrap()
    }

    pub async fn person(&self, person: Person<'_>) {
        let stored = self.hash(person.password).to_data();
        let id = PrincipalId::from_text(person.id);
        let contacts: Vec<_> = person
            .contacts
            .iter()
            .map(|&(kind, canonical)| (kind, self.deps.contacts.lookup(kind, canonical)))
            .collect();
        let (kind, username) = (person.kind, person.username.map(str::to_owned));
        let account_id = AccountId::from_text(person.account);
        let work = move |tx: &mut menshen::store::Tx<'_>| {
            let principal = Principal {
                id: id.clone(),
                kind,
                account: accounts::find(tx, &account_id)?.unwrap(),
                username: username.clone(),
                display_name: id.to_string(),
                status: PrincipalStatus::Active,
                owner_status: AccountStatus::Active,
                owner_alias: None,
                must_change_password: false,
                claims: serde_json::Map::new(),
            };
            principals::insert(tx, &principal, username.as_deref().and_then(username_key).as_deref())?;
            for &(kind, lookup) in &contacts {
                let (principal, sealed) = (&id, b"sealed".to_vec());
                identifiers::insert(tx, &NewIdentifier { principal, kind, lookup, sealed, verified_at: None })?;
            }
            credentials::put(tx, &id, "password", None, &stored)
        };
        self.store.write(work).await.unwrap();
    }

    /// Changes the state of a principal.
    pub async fn set_status(&self, id: &str, status: PrincipalStatus) {
        let id = PrincipalId::from_text(id);
        let work = move |tx: &mut menshen::store::Tx<'_>| {
            let principal = principals::find(tx, &id)?.unwrap();
            principals::update(tx, &Principal { status, ..principal })
        };
        self.store.write(work).await.unwrap();
    }

    pub fn attempt<'a>(&'a self, browser: &'a KnownBrowser) -> Attempt<'a> {
        Attempt {
            now: self.clock.now(),
            address: "192.0.2.7".parse().unwrap(),
            request_id: "req-1",
            interaction: InteractionId::new(1),
            client: None,
            browser,
            asked: None,
            language: menshen::domain::Language::Chinese,
            entropy: &self.entropy,
        }
    }

    pub fn method(&self, name: &str) -> &dyn Authenticator {
        self.registry.find(name).unwrap()
    }

    /// Posts identifier and password, with the box ticked, from a strange browser.
    pub async fn try_as(&self, method: &str, username: &str, password: &str) -> String {
        self.try_from(&KnownBrowser::stranger(), method, username, password).await
    }

    pub async fn try_from(&self, browser: &KnownBrowser, method: &str, username: &str, password: &str) -> String {
        let form = form(&[("username", username), ("password", password), ("agree", "on")]);
        told(&self.method(method).answer(&self.attempt(browser), &form).await.unwrap())
    }

    pub async fn choose(&self, list: &Shortlist, handle: &str) -> String {
        let browser = KnownBrowser::stranger();
        told(&self.registry.choose(&self.attempt(&browser), list, handle).await.unwrap())
    }

    pub async fn audit(&self) -> Vec<AuditEvent> {
        self.store.read(|tx| audit::latest(tx, 1_000)).await.unwrap()
    }
}

/// Somebody without contacts whose password is their id.
pub fn person<'a>(id: &'a str, kind: PrincipalKind, account: &'a str) -> Person<'a> {
    Person { id, kind, account, contacts: &[], username: None, password: id }
}

fn account(id: &str, owner: &str, kind: AccountKind, alias: Option<&str>) -> Account {
    Account {
        id: AccountId::from_text(id),
        kind,
        owner_id: AccountId::from_text(owner),
        alias: alias.map(str::to_owned),
        name: id.to_owned(),
        status: AccountStatus::Active,
        independent_billing: false,
    }
}

pub fn form(pairs: &[(&str, &str)]) -> Form {
    Form::new(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
}

/// What came of a try, in a few words.
pub fn told(progress: &Progress) -> String {
    match progress {
        Progress::Verified(proof) => format!("in as {}", proof.principal().id),
        Progress::Choose(list) => format!("choose of {}", list.candidates().len()),
        Progress::Unregistered(_) => "unregistered".to_owned(),
        Progress::Ask(step) => format!("ask {step:?}"),
        Progress::Unbound(_) => "unbound".to_owned(),
        Progress::Rejected(rejection) => rejection.code().to_owned(),
    }
}
