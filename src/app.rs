//! Floor 5: the composition root: builds every service once, from the
//! configuration, and holds them. No globals: whoever needs one is given it.

mod error;
mod gauges;
mod letters;

use std::sync::Arc;

use crate::authn::codes::{CodeParts, Codes};
use crate::authn::hashing::{Cost, Hasher, Passwords};
use crate::authn::password_policy::PasswordPolicy;
use crate::authn::registry::Deps;
use crate::authn::throttle::Throttle;
use crate::authn::{CodeLimits, Registry, Upstream};
use crate::base::id::ClientId;
use crate::base::{OpaqueTokens, SharedClock, SharedEntropy};
use crate::config::{Config, ConfigError};
use crate::connectors::{Mailer, Wire, mailer, sms_gateway};
use crate::flow::{Flow, FlowSettings};
use crate::geo::Countries;
use crate::keys::client_jwks::ClientJwks;
use crate::keys::keeper::KeyKeeper;
use crate::keys::{
    ClientSecretKeys, ContactKeys, InteractionSeals, LoginHints, Purpose, RotationPolicy, SigningKeys, Vault,
};
use crate::notify::{Post, Sender, SmsSender};
use crate::outbound::Outbound;
use crate::session::{Browsers, lifetime_policy};
use crate::store::{Store, StoreOptions};
use crate::telemetry::Metrics;
use crate::token::{ClientDirectory, TokenParts, Tokens};

pub use error::StartError;

/// Everything that a running server is made of; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// As loaded.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The key tree.
    pub vault: Arc<Vault>,
    /// The signing keys' moves.
    pub keeper: KeyKeeper,
    /// The signing keys.
    pub keys: SigningKeys,
    /// Codes and tokens.
    pub tokens: Tokens,
    /// Interactions.
    pub flow: Flow,
    /// The one HTTP client.
    pub outbound: Outbound,
    /// Countries of addresses.
    pub countries: Countries,
    /// Password hashes.
    pub passwords: Passwords,
    /// Letters on their way out.
    pub post: Post,
    /// The gateway for text messages, when one is configured.
    pub sms: Option<SmsSender>,
    /// The mail server, when one is configured.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// The clock.
    pub clock: SharedClock,
    /// Chance.
    pub entropy: SharedEntropy,
}

impl App {
    /// Builds every service over a database that is there, or is made.
    ///
    /// # Errors
    /// One line that names what is wrong.
    pub async fn build(config: Config, clock: SharedClock, entropy: SharedEntropy) -> Result<Self, StartError> {
        let store = open_store(&config, &clock)?;
        Self::over(store, config, clock, entropy).await
    }

    /// Builds every other service over a store that is open.
    ///
    /// # Errors
    /// One line that names what is wrong.
    pub async fn over(
        store: Store,
        config: Config,
        clock: SharedClock,
        entropy: SharedEntropy,
    ) -> Result<Self, StartError> {
        let vault = Arc::new(Vault::open(&config.keys, entropy.as_ref())?);
        let policy = RotationPolicy::new(&config.keys, &config.tokens);
        let keeper = KeyKeeper::new(store.clone(), Arc::clone(&vault), Arc::clone(&entropy), policy);
        let keys = keeper.open().await?;
        let hasher = Hasher::new(vault.derive(Purpose::CredentialPepper), Cost::configured(&config.hashing));
        let hasher = hasher.map_err(|error| StartError::Machine(format!("hashing: {error}")))?;
        let passwords =
            Passwords::start(hasher, &config.hashing).map_err(|error| StartError::Machine(error.to_string()))?;
        let metrics = Metrics::new(clock.now()).map_err(|error| StartError::Machine(error.to_string()))?;
        let metrics = Arc::new(metrics);
        gauges::register(&metrics, &store, &passwords);
        let opaque = Arc::new(vault.opaque_tokens());
        let contacts = ContactKeys::new(Arc::clone(&vault));
        let outbound = Outbound::new(&config.outbound)?;
        let countries = Countries::open(config.geo.database.as_deref())?;
        let wire = Wire { outbound: outbound.clone(), clock: Arc::clone(&clock), entropy: Arc::clone(&entropy) };
        let post = Post::new(Arc::clone(&vault));
        let sms = sms_sender(&config, &wire)?;
        let mailer = mailer(&config, &clock)?;
        let parts = Parts {
            config: &config,
            store: &store,
            vault: &vault,
            opaque,
            contacts,
            wire,
            countries: countries.clone(),
            post: post.clone(),
            sms: sms.clone(),
            metrics: &metrics,
            clock: &clock,
            entropy: &entropy,
        };
        let tokens = parts.tokens(&keys);
        let flow = parts.flow(&tokens, &passwords)?;
        let config = Arc::new(config);
        Ok(Self {
            config,
            store,
            vault,
            keeper,
            keys,
            tokens,
            flow,
            outbound,
            countries,
            passwords,
            post,
            sms,
            mailer,
            metrics,
            clock,
            entropy,
        })
    }
}

/// What the services have in common while they are built.
struct Parts<'a> {
    config: &'a Config,
    store: &'a Store,
    vault: &'a Arc<Vault>,
    opaque: Arc<OpaqueTokens>,
    contacts: ContactKeys,
    wire: Wire,
    countries: Countries,
    post: Post,
    sms: Option<SmsSender>,
    metrics: &'a Arc<Metrics>,
    clock: &'a SharedClock,
    entropy: &'a SharedEntropy,
}

impl Parts<'_> {
    fn tokens(&self, keys: &SigningKeys) -> Tokens {
        Tokens::new(TokenParts {
            store: self.store.clone(),
            opaque: Arc::clone(&self.opaque),
            keys: keys.clone(),
            contacts: self.contacts.clone(),
            login_hints: LoginHints::new(self.vault),
            client_secrets: ClientSecretKeys::new(self.vault),
            client_jwks: ClientJwks::new(self.wire.outbound.clone()),
            clients: ClientDirectory::new(self.store.clone(), Arc::clone(self.clock)),
            issuer: self.config.server.issuer.as_str().to_owned(),
            lifetimes: self.config.tokens.clone(),
            metrics: Arc::clone(self.metrics),
            clock: Arc::clone(self.clock),
            entropy: Arc::clone(self.entropy),
        })
    }

    fn flow(&self, tokens: &Tokens, passwords: &Passwords) -> Result<Flow, StartError> {
        let (codes, upstream) = (self.codes(), self.upstream());
        let registry = Registry::from_config(&self.config.login, &self.login_deps(passwords, &codes, &upstream))?;
        Ok(Flow {
            store: self.store.clone(),
            tokens: tokens.clone(),
            registry: Arc::new(registry),
            codes,
            notices: self.notices(),
            upstream,
            passwords: passwords.clone(),
            metrics: Arc::clone(self.metrics),
            password_policy: PasswordPolicy::configured(&self.config.password),
            browsers: Browsers::new(
                Arc::clone(&self.opaque),
                self.config.sessions.rotate_cookie,
                lifetime_policy(&self.config.sessions),
            ),
            opaque: Arc::clone(&self.opaque),
            contacts: self.contacts.clone(),
            countries: self.countries.clone(),
            login_hints: LoginHints::new(self.vault),
            csrf: Arc::new(self.vault.mac_key(Purpose::Csrf)),
            clock: Arc::clone(self.clock),
            entropy: Arc::clone(self.entropy),
            settings: Arc::new(self.flow_settings()),
        })
    }

    fn codes(&self) -> Codes {
        Codes::new(CodeParts {
            store: self.store.clone(),
            contacts: self.contacts.clone(),
            key: self.vault.mac_key(Purpose::OneTimeCode),
            limits: CodeLimits::new(self.vault.mac_key(Purpose::ThrottleKey), &self.config.throttle),
            seals: InteractionSeals::new(Arc::clone(self.vault)),
            post: self.post.clone(),
        })
    }

    fn upstream(&self) -> Upstream {
        Upstream::new(self.store.clone(), self.vault, Arc::clone(&self.opaque))
    }

    fn login_deps(&self, passwords: &Passwords, codes: &Codes, upstream: &Upstream) -> Deps {
        Deps {
            store: self.store.clone(),
            contacts: self.contacts.clone(),
            passwords: passwords.clone(),
            throttle: Throttle::new(self.vault.mac_key(Purpose::ThrottleKey), &self.config.throttle),
            codes: codes.clone(),
            decoys: Arc::new(self.vault.mac_key(Purpose::Decoy)),
            upstream: upstream.clone(),
            wire: self.wire.clone(),
            accounts_per_phone: usize::try_from(self.config.login.max_accounts_per_phone).unwrap_or(usize::MAX),
            default_country: self.config.login.default_country.clone(),
            own_domain: Some(host(self.config).to_owned()),
            sends_sms: self.sms.is_some(),
        }
    }

    fn flow_settings(&self) -> FlowSettings {
        let sessions = &self.config.sessions;
        let version = &self.config.agreements.version;
        FlowSettings {
            issuer: self.config.server.issuer.as_str().to_owned(),
            interaction: sessions.interaction,
            agreements_version: (!version.is_empty()).then(|| version.clone()),
            lifetimes: lifetime_policy(sessions),
            default_country: self.config.login.default_country.clone(),
            sign_up: self.sign_up_policy(),
            reset: self.reset_policy(),
            accounts_per_phone: self.config.login.max_accounts_per_phone,
            default_client: self.config.login.default_client.as_deref().map(ClientId::from_text),
        }
    }
}

fn sms_sender(config: &Config, wire: &Wire) -> Result<Option<SmsSender>, ConfigError> {
    let sender = Sender {
        name_zh: config.branding.name_zh.clone(),
        name_en: config.branding.name_en.clone(),
        host: host(config).to_owned(),
    };
    Ok(sms_gateway(&config.sms, wire)?.map(|gateway| SmsSender::new(gateway, sender)))
}

/// The host that we answer at.
fn host(config: &Config) -> &str {
    config.server.issuer.authority().split(':').next().unwrap_or_default()
}

fn open_store(config: &Config, clock: &SharedClock) -> Result<Store, StartError> {
    let defaults = StoreOptions::default();
    let connections = match usize::try_from(config.database.connections) {
        Ok(0) | Err(_) => defaults.connections,
        Ok(connections) => connections,
    };
    let options = StoreOptions { connections, ..defaults };
    Ok(Store::open(config.database.url.expose().expose(), options, Arc::clone(clock))?)
}
