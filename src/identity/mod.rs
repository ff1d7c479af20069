//! Floor 4: accounts, sub-accounts, IAM users, clients, and what an operator or
//! an owner does to them.
//!
//! Everything that is made or changed here writes its audit row in the same
//! transaction, and what switches somebody off ends their sign-ins and grants
//! there too. [`apply`] declares many of them at once; the command line and the
//! demo call it. [`Identity`] holds the keys that this needs. It never sees
//! HTTP and knows nothing of interactions.

pub mod accounts;
pub mod apply;
pub mod bindings;
mod claim;
pub mod clients;
mod credentials;
mod lock;
mod notices;
pub mod operator;
mod owner_policy;
pub mod people;
pub mod refusal;
pub mod sign_up;
mod status;
mod who;

use std::sync::Arc;

pub use accounts::{Billing, NewAccount, NewIamUser};
pub use bindings::{Remover, unbind};
pub use claim::first_proof;
pub use credentials::{MustChange, NewPassword, reset_password, set_password};
pub use lock::hold;
pub use notices::{Notices, Scene};
pub use operator::{OperatorError, Portrait, Switch};
pub use owner_policy::{MOST_DAYS, PolicyChange};
pub use people::{NewPerson, SealedContact};
pub use refusal::{Refusal, Stop, all_or_nothing};
pub use sign_up::{NewMember, sign_up};
pub use status::{set_account_status, set_principal_status};

use crate::authn::hashing::{BadHash, Cost, Hasher};
use crate::authn::password_policy::PasswordPolicy;
use crate::base::SharedEntropy;
use crate::config::Config;
use crate::domain::audit::Origin;
use crate::domain::browser::LifetimePolicy;
use crate::keys::{ClientSecretKeys, ContactKeys, Purpose, Vault};
use crate::notify::Post;
use crate::session::lifetime_policy;
use crate::store::Store;

/// What people, accounts and clients are made with; cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    store: Store,
    entropy: SharedEntropy,
    makings: Arc<Makings>,
    /// Used on threads of our own, never while somebody waits for a page.
    hasher: Arc<Hasher>,
    policy: PasswordPolicy,
    default_country: String,
}

/// What a job in a transaction may hold: everything but the store, whose own
/// thread would otherwise be the last to let go of it.
struct Makings {
    contacts: ContactKeys,
    secrets: ClientSecretKeys,
    most_per_phone: u32,
    lifetimes: LifetimePolicy,
    notices: Notices,
}

impl Identity {
    /// As configured, over the store and the key tree.
    ///
    /// # Errors
    /// The configured cost of hashes is none that argon2 has.
    pub fn new(config: &Config, vault: &Arc<Vault>, store: Store, entropy: SharedEntropy) -> Result<Self, BadHash> {
        let hasher = Hasher::new(vault.derive(Purpose::CredentialPepper), Cost::configured(&config.hashing))?;
        let contacts = ContactKeys::new(Arc::clone(vault));
        let post = Post::new(Arc::clone(vault));
        let notices = Notices::new(post, contacts.clone(), Arc::clone(&entropy), (config, vault));
        Ok(Self(Arc::new(Inner {
            store,
            entropy,
            makings: Arc::new(Makings {
                contacts,
                secrets: ClientSecretKeys::new(vault),
                most_per_phone: config.login.max_accounts_per_phone,
                lifetimes: lifetime_policy(&config.sessions),
                notices,
            }),
            hasher: Arc::new(hasher),
            policy: PasswordPolicy::configured(&config.password),
            default_country: config.login.default_country.clone(),
        })))
    }
}

/// The operator at the command line, as the audit trail knows them.
#[must_use]
pub fn by_operator() -> Origin {
    Origin { actor: "operator".to_owned(), address: "-".to_owned(), request_id: "-".to_owned() }
}
