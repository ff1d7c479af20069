//! A grant: what one authorization bought. It owns its code and its family of
//! tokens; whether those are worth anything is asked of the grant each time.

use super::account::AccountKind;
use super::assurance::Assurance;
use super::browser::SignInState;
use super::names::named_enum;
use super::principal::{Principal, PrincipalKind, Standing};
use crate::base::Timestamp;
use crate::base::id::{AccountId, ClientId, GrantId, PrincipalId, ResourceId, SessionId, SignInId};
use crate::protocol::scope::Scope;

/// What one principal let one client have, from one sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Its row.
    pub id: GrantId,
    /// Who holds the tokens.
    pub client: ClientId,
    /// Who gave it.
    pub principal: PrincipalId,
    /// The sign-in it came from.
    pub sign_in: SignInId,
    /// That sign-in as this client knows it.
    pub sid: SessionId,
    /// What was granted; an access token may have less, never more.
    pub scope: Scope,
    /// The resources that the authorization request named (RFC 8707); empty when it named none.
    pub resources: Vec<ResourceId>,
    /// The `claims` parameter as JSON, empty when there was none.
    pub claims: String,
    /// For the ID token of the code exchange.
    pub nonce: Option<String>,
    /// `offline_access` was granted: the family outlives the sign-in.
    pub offline: bool,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// How surely.
    pub assurance: Assurance,
    /// When it was given.
    pub created_at: Timestamp,
    /// No token of it lives longer.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

named_enum! {
    /// Why a grant was taken back.
    RevokedWhy {
        /// Its code came twice.
        CodeReplayed = "code_replayed",
        /// A spent refresh token of it came again.
        RefreshReplayed = "refresh_replayed",
        /// Its client gave it back (RFC 7009).
        ByClient = "by_client",
        /// The person took the consent back.
        ConsentRevoked = "consent_revoked",
        /// The sign-in behind it ended.
        SignedOut = "signed_out",
        /// The principal was stopped, or its password was reset.
        PrincipalStopped = "principal_stopped",
    }
}

/// The holder of a grant as tokens tell of it, with live state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// Root, sub-account or IAM user.
    pub kind: PrincipalKind,
    /// Whether it may hold tokens now: its own, its account's and its owner's state.
    pub standing: Standing,
    /// `alice@acme`, or the account's alias or id.
    pub login_name: String,
    /// The account's public name.
    pub alias: Option<String>,
    /// When the principal was last changed.
    pub updated_at: Timestamp,
    /// Whose account it is.
    pub account: AccountClaims,
}

/// The claims about account, owner and who pays, the same in every token.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct AccountClaims {
    /// Root, sub-account or IAM user.
    pub principal_type: PrincipalKind,
    /// Whose resources are acted on.
    pub account_id: AccountId,
    /// The top-level account.
    pub owner_account_id: AccountId,
    /// Who pays now.
    pub billing_account_id: AccountId,
}

impl AccountClaims {
    /// Of a principal as it stands now.
    #[must_use]
    pub fn of(principal: &Principal) -> Self {
        Self {
            principal_type: principal.kind,
            account_id: principal.account.id.clone(),
            owner_account_id: principal.account.owner_id.clone(),
            billing_account_id: principal.account.billing_account().clone(),
        }
    }

    /// Of bare columns, for hot reads; the rule is [`super::Account::billing_account`]'s.
    #[must_use]
    pub fn new(
        principal_type: PrincipalKind,
        account_id: AccountId,
        account_kind: AccountKind,
        owner_account_id: AccountId,
        independent_billing: bool,
    ) -> Self {
        let billing_account_id = match (account_kind, independent_billing) {
            (AccountKind::Sub, true) => account_id.clone(),
            (AccountKind::Sub, false) | (AccountKind::Main, _) => owner_account_id.clone(),
        };
        Self { principal_type, account_id, owner_account_id, billing_account_id }
    }
}

/// The sign-in behind a grant, as much as a token needs of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignInGlance {
    /// As stored.
    pub state: SignInState,
    /// Over from here on in any case.
    pub absolute_expires_at: Timestamp,
    /// When it last ended; a later sign-in of the same person in the same browser may have followed.
    pub ended_at: Option<Timestamp>,
}

/// A grant with everything that decides whether it counts now.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveGrant {
    /// What was granted.
    pub grant: Grant,
    /// Who holds it, as things stand.
    pub holder: Holder,
    /// The sign-in behind it, while its row exists.
    pub sign_in: Option<SignInGlance>,
}

/// Why a grant no longer counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GrantEnd {
    /// It was taken back.
    #[error("the grant was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the grant is over")]
    Expired,
    /// The principal or its account is switched off.
    #[error("the principal is disabled")]
    PrincipalDisabled,
    /// The owning account is stopped.
    #[error("the owner is suspended")]
    OwnerSuspended,
    /// The sign-in behind it ended, and it does not outlive it.
    #[error("the sign-in ended")]
    SignInEnded,
}

impl LiveGrant {
    /// Why the grant does not count at `now`; `None` while it does. Asked at
    /// every exchange, refresh, introspection and userinfo (security decision D18).
    #[must_use]
    pub fn end(&self, now: Timestamp) -> Option<GrantEnd> {
        if self.grant.revoked_at.is_some() {
            return Some(GrantEnd::Revoked);
        }
        if self.grant.expires_at <= now {
            return Some(GrantEnd::Expired);
        }
        match self.holder.standing {
            Standing::Disabled => return Some(GrantEnd::PrincipalDisabled),
            Standing::OwnerSuspended => return Some(GrantEnd::OwnerSuspended),
            Standing::Good => {}
        }
        (!self.grant.offline && !self.sign_in_lives(now)).then_some(GrantEnd::SignInEnded)
    }

    /// Idle time does not count here: an access token is far shorter than it,
    /// and its use does not touch the browser.
    fn sign_in_lives(&self, now: Timestamp) -> bool {
        self.sign_in.is_some_and(|sign_in| {
            sign_in.state == SignInState::Active
                && now < sign_in.absolute_expires_at
                && sign_in.ended_at.is_none_or(|ended| ended < self.grant.created_at)
        })
    }
}

/// What became of presenting something that may be used once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Spend<T> {
    /// It was unspent and is spent now, by this presenter.
    Fresh(T),
    /// It was spent before this presenter arrived: somebody else has a copy.
    Replayed(T),
    /// Another presenter won while this one was waiting.
    Concurrent,
    /// Its time was over before anybody used it.
    Expired,
    /// There is no such thing.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Acr, Amr};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn live() -> LiveGrant {
        LiveGrant {
            grant: Grant {
                id: GrantId::new(1),
                client: ClientId::from_text("console"),
                principal: PrincipalId::from_text("p_1"),
                sign_in: SignInId::new(1),
                sid: SessionId::from_text("s"),
                scope: Scope::default(),
                resources: Vec::new(),
                claims: String::new(),
                nonce: None,
                offline: false,
                auth_time: at(90),
                assurance: Assurance { amr: vec![Amr::Password], acr: Acr::Aal1 },
                created_at: at(100),
                expires_at: at(1_000),
                revoked_at: None,
            },
            holder: Holder {
                kind: PrincipalKind::Root,
                standing: Standing::Good,
                login_name: "acme".into(),
                alias: Some("acme".into()),
                updated_at: at(1),
                account: AccountClaims::new(
                    PrincipalKind::Root,
                    AccountId::from_text("1"),
                    AccountKind::Main,
                    AccountId::from_text("1"),
                    false,
                ),
            },
            sign_in: Some(SignInGlance {
                state: SignInState::Active,
                absolute_expires_at: at(500),
                ended_at: Some(at(50)),
            }),
        }
    }

    #[test]
    fn a_grant_counts_while_nothing_ended_it() {
        assert_eq!(live().end(at(200)), None);
        assert_eq!(live().end(at(1_000)), Some(GrantEnd::Expired));
        let mut revoked = live();
        revoked.grant.revoked_at = Some(at(150));
        assert_eq!(revoked.end(at(200)), Some(GrantEnd::Revoked));
        for (standing, end) in
            [(Standing::Disabled, GrantEnd::PrincipalDisabled), (Standing::OwnerSuspended, GrantEnd::OwnerSuspended)]
        {
            let mut stopped = live();
            stopped.holder.standing = standing;
            stopped.grant.offline = true;
            assert_eq!(stopped.end(at(200)), Some(end));
        }
    }

    #[test]
    fn only_an_offline_grant_outlives_its_sign_in() {
        let changes: [fn(&mut LiveGrant, SignInGlance); 5] = [
            |live, _| live.sign_in = None,
            |live, glance| live.sign_in = Some(SignInGlance { state: SignInState::SignedOut, ..glance }),
            |live, glance| live.sign_in = Some(SignInGlance { state: SignInState::Locked, ..glance }),
            |live, glance| live.sign_in = Some(SignInGlance { absolute_expires_at: at(200), ..glance }),
            |live, glance| live.sign_in = Some(SignInGlance { ended_at: Some(at(100)), ..glance }),
        ];
        for change in changes {
            let mut grant = live();
            let glance = grant.sign_in.unwrap();
            change(&mut grant, glance);
            assert_eq!(grant.end(at(200)), Some(GrantEnd::SignInEnded));
            grant.grant.offline = true;
            assert_eq!(grant.end(at(200)), None);
        }
    }
}
