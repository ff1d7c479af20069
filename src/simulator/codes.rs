//! Authorization codes and tokens as every vendor with a redirect has them:
//! given out for one app and one person, spent once, with an end.

use std::collections::HashMap;

use crate::base::Timestamp;

/// For whom something was given out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    /// Which app.
    pub app: String,
    /// Which person.
    pub user: String,
    /// For what.
    pub scope: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// The PKCE challenge (S256) that a verifier must meet.
    pub challenge: Option<String>,
    /// The nonce of the request.
    pub nonce: Option<String>,
    /// Where the code was sent.
    pub redirect_uri: String,
}

impl Granted {
    /// To `app` and `user`, until `expires_at`.
    pub fn new(app: &str, user: &str, scope: &str, expires_at: Timestamp) -> Self {
        Self {
            app: app.to_owned(),
            user: user.to_owned(),
            scope: scope.to_owned(),
            expires_at,
            challenge: None,
            nonce: None,
            redirect_uri: String::new(),
        }
    }
}

/// Why a code buys nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoGrant {
    /// Nobody gave it out, or to another app.
    Unknown,
    /// It was spent before.
    Spent,
    /// Its time is over.
    Expired,
}

impl NoGrant {
    /// For the journal.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Unknown => "unknown code, or of another app",
            Self::Spent => "the code was used before",
            Self::Expired => "the code has expired",
        }
    }
}

/// Codes and tokens of one vendor, and who answers its next page.
#[derive(Default)]
pub struct GrantDesk {
    codes: HashMap<String, (Granted, bool)>,
    tokens: HashMap<String, Granted>,
    refresh_tokens: HashMap<String, Granted>,
    /// Who answers the next page, and whether they agree.
    pub next: Option<(String, bool)>,
}

impl GrantDesk {
    /// Gives a code out.
    pub fn give(&mut self, code: &str, granted: Granted) {
        self.codes.insert(code.to_owned(), (granted, false));
    }

    /// Spends a code of this app.
    ///
    /// # Errors
    /// Why it buys nothing; a code of another app stays unspent.
    pub fn spend(&mut self, code: &str, app: &str, now: Timestamp) -> Result<Granted, NoGrant> {
        let found = self.codes.get_mut(code).filter(|(granted, _)| granted.app == app);
        let (granted, spent) = found.ok_or(NoGrant::Unknown)?;
        if std::mem::replace(spent, true) {
            return Err(NoGrant::Spent);
        }
        if now >= granted.expires_at { Err(NoGrant::Expired) } else { Ok(granted.clone()) }
    }

    /// Gives an access token out.
    pub fn give_token(&mut self, token: &str, granted: Granted) {
        self.tokens.insert(token.to_owned(), granted);
    }

    /// Whose a live access token is.
    pub fn token(&self, token: &str, now: Timestamp) -> Option<&Granted> {
        self.tokens.get(token).filter(|granted| now < granted.expires_at)
    }

    /// Gives a refresh token out.
    pub fn give_refresh_token(&mut self, token: &str, granted: Granted) {
        self.refresh_tokens.insert(token.to_owned(), granted);
    }

    /// Takes a live refresh token of this app back.
    pub fn take_refresh_token(&mut self, token: &str, app: &str, now: Timestamp) -> Option<Granted> {
        let alive =
            self.refresh_tokens.get(token).is_some_and(|granted| granted.app == app && now < granted.expires_at);
        alive.then(|| self.refresh_tokens.remove(token)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_spent_once_by_its_app_in_its_time() {
        let (now, end) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        let mut desk = GrantDesk::default();
        desk.give("c", Granted::new("a", "u", "s", end));
        assert_eq!(desk.spend("c", "b", now), Err(NoGrant::Unknown));
        assert_eq!(desk.spend("c", "a", now).unwrap().user, "u");
        assert_eq!(desk.spend("c", "a", now), Err(NoGrant::Spent));
        desk.give("d", Granted::new("a", "u", "s", end));
        assert_eq!(desk.spend("d", "a", end), Err(NoGrant::Expired));
    }
}
