//! What an account must be to be returned at all: hard filters, never relaxed.
//!
//! Pure, like everything of the policy.

use crate::base::id::PrincipalId;
use crate::domain::{PrincipalKind, SignIn};

/// What `sid` said of this browser.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NamedSession {
    /// No `sid` was given.
    #[default]
    Unnamed,
    /// A sign-in that is here.
    Here,
    /// None that is here: nobody may be returned.
    Gone,
}

/// What an account must be to be returned (OIDC Core §3.1.2.2): by
/// `id_token_hint` or the `claims` parameter, by our own hints, and by what the
/// client is registered for.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// The one subject.
    pub subject: Option<PrincipalId>,
    /// Whether `sid` was given, and names a sign-in of this browser; then
    /// `subject` is its principal.
    pub session: NamedSession,
    /// `owner_hint`: alias or id of the owning account.
    pub owner: Option<String>,
    /// `principal_type_hint`.
    pub kind: Option<PrincipalKind>,
    /// Kinds that the client takes; empty for all.
    pub kinds: Vec<PrincipalKind>,
    /// Owners whose people the client takes; empty for all.
    pub owners: Vec<String>,
}

impl Demands {
    /// Whether this sign-in may be returned at all.
    #[must_use]
    pub fn allow(&self, sign_in: &SignIn) -> bool {
        let principal = &sign_in.principal;
        let owned_by = |owner: &String| {
            principal.account.owner_id.as_str() == owner || principal.owner_alias.as_ref() == Some(owner)
        };
        self.subject.as_ref().is_none_or(|subject| principal.id == *subject)
            && self.owner.as_ref().is_none_or(owned_by)
            && self.kind.is_none_or(|kind| principal.kind == kind)
            && (self.kinds.is_empty() || self.kinds.contains(&principal.kind))
            && (self.owners.is_empty() || self.owners.iter().any(owned_by))
    }

    /// Whether one very account is demanded.
    #[must_use]
    pub const fn name_one(&self) -> bool {
        self.subject.is_some()
    }
}
