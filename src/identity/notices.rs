//! Who is told of what happened to a principal: whoever has a proven contact of
//! it, and for a sub-account or an IAM user its owner too. Letters go into the
//! outbox in the transaction of what they tell of. Called by `flow`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::{SharedEntropy, Timestamp};
use crate::config::Config;
use crate::domain::user_agent::described;
use crate::domain::{ContactKind, Language, Principal, PrincipalKind};
use crate::keys::{ContactKeys, MacKey, Purpose, Vault};
use crate::notify::{Channel, Content, Letter, Notice, Occasion, Post};
use crate::store::throttle::{Budget, Reservation, Window, reserve};
use crate::store::{StoreResult, Tx, identifiers, principals};

/// A notice is of use for so long; later it only frightens.
const LIFETIME: Duration = Duration::from_secs(24 * 3_600);

/// Of what others can bring about as often as they like, an account hears once in
/// so long.
const SELDOM: Budget =
    Budget { burst: 1, window: Window::Fixed(Duration::from_secs(3_600)), interval: Duration::from_secs(3_600) };

/// Writes notices.
#[derive(Clone)]
pub struct Notices(Arc<Inner>);

struct Inner {
    post: Post,
    contacts: ContactKeys,
    entropy: SharedEntropy,
    channels: Vec<Channel>,
    /// Names the counters of what is told seldom.
    counters: MacKey,
}

/// Where and when something happened.
#[derive(Clone, Debug)]
pub struct Scene {
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub address: String,
    /// What the browser calls itself.
    pub user_agent: String,
    /// The language of the page.
    pub language: Language,
}

/// Which contacts a notice goes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    /// The e-mail address, or else the phone.
    Usual,
    /// All of them: one may be in wrong hands.
    Everywhere,
}

impl Notices {
    /// Over these parts, by the channels that are configured.
    #[must_use]
    pub fn new(
        post: Post,
        contacts: ContactKeys,
        entropy: SharedEntropy,
        (config, vault): (&Config, &Arc<Vault>),
    ) -> Self {
        let (channels, counters) = (Channel::configured(config), vault.mac_key(Purpose::ThrottleKey));
        Self(Arc::new(Inner { post, contacts, entropy, channels, counters }))
    }

    /// Whether a letter to such a contact leaves the house. One that does not
    /// would lie in the outbox for ever.
    #[must_use]
    pub fn reaches(&self, kind: ContactKind) -> bool {
        self.0.channels.contains(&Channel::to(kind))
    }

    /// Tells everybody concerned. A contact that does not open is no reason to
    /// undo what happened: it goes to the log.
    pub fn tell(&self, tx: &mut Tx<'_>, principal: &Principal, occasion: &Occasion, scene: &Scene) -> StoreResult<()> {
        if !self.is_due(tx, principal, occasion)? {
            return Ok(());
        }
        let reach = match occasion {
            Occasion::PasswordReset | Occasion::BindingAdded { .. } => Reach::Everywhere,
            Occasion::NewBrowser { .. }
            | Occasion::PasswordChanged
            | Occasion::BindingRemoved { .. }
            | Occasion::BindingRefused { .. }
            | Occasion::TheftSignal => Reach::Usual,
        };
        let notice = Notice {
            occasion: occasion.clone(),
            name: principal.upn().unwrap_or_else(|| principal.display_name.clone()),
            at: scene.at,
            address: scene.address.clone(),
            device: described(&scene.user_agent).unwrap_or_else(|| "-".to_owned()),
        };
        self.tell_one(tx, principal, &notice, (reach, scene.language))?;
        let owner = match (principal.kind, occasion) {
            (PrincipalKind::Root, _) | (_, Occasion::NewBrowser { .. }) => None,
            (PrincipalKind::SubAccount | PrincipalKind::IamUser, _) => {
                principals::find_holder(tx, &principal.account.owner_id)?
            }
        };
        match owner {
            Some(owner) => self.tell_one(tx, &owner, &notice, (Reach::Usual, scene.language)),
            None => Ok(()),
        }
    }

    /// Whether people hear of this, or heard of its like a while ago: nobody is
    /// bombarded by what a stranger brings about.
    fn is_due(&self, tx: &mut Tx<'_>, principal: &Principal, occasion: &Occasion) -> StoreResult<bool> {
        match occasion {
            Occasion::BindingRefused { .. } => {
                let bucket = self.0.counters.mac(&[b"notice of a refused binding", principal.id.as_str().as_bytes()]);
                Ok(reserve(tx, bucket.as_bytes(), &SELDOM)? == Reservation::Granted)
            }
            Occasion::NewBrowser { .. }
            | Occasion::PasswordChanged
            | Occasion::PasswordReset
            | Occasion::BindingAdded { .. }
            | Occasion::BindingRemoved { .. }
            | Occasion::TheftSignal => Ok(true),
        }
    }

    fn tell_one(
        &self,
        tx: &mut Tx<'_>,
        reader: &Principal,
        notice: &Notice,
        (reach, language): (Reach, Language),
    ) -> StoreResult<()> {
        let mut rows = identifiers::list(tx, &reader.id)?;
        rows.retain(|row| row.verified_at.is_some() && self.reaches(row.kind));
        let by_mail = rows.iter().any(|row| row.kind == ContactKind::Email);
        for row in rows {
            if reach == Reach::Usual && by_mail && row.kind == ContactKind::Phone {
                continue;
            }
            let to = match self.0.contacts.open(&reader.id, row.kind, &row.sealed) {
                Ok(to) => to,
                Err(error) => {
                    tracing::error!(principal = %reader.id, %error, "a contact does not open");
                    continue;
                }
            };
            let until = notice.at + LIFETIME;
            let letter = Letter { to, language, until, content: Content::Notice(notice.clone()) };
            self.put(tx, Channel::to(row.kind), &letter)?;
        }
        Ok(())
    }

    /// The letter's name and seal are drawn here: should the transaction run
    /// twice, the first letter was undone with it.
    fn put(&self, tx: &mut Tx<'_>, channel: Channel, letter: &Letter) -> StoreResult<()> {
        let entropy = self.0.entropy.as_ref();
        let once_key = format!("notice:{}", URL_SAFE_NO_PAD.encode(entropy.bytes::<16>()));
        match self.0.post.seal(channel, once_key, letter, entropy) {
            Ok(posted) => posted.put(tx).map(drop),
            Err(error) => {
                tracing::error!(%error, "a notice could not be sealed");
                Ok(())
            }
        }
    }
}
