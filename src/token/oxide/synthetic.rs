//! The request that the machines see: well-formed, of a client that is
//! authenticated already, without the code, the token or the secret.

use std::borrow::Cow;

use oxide_auth::code_grant::{accesstoken, authorization, client_credentials, refresh};

use crate::protocol::Scope;

/// Stands where the engine wants a secret or a token.
pub(super) const SYNTHETIC: &str = "synthetic";

/// The request as the machines see it. The client stands in the place of Basic
/// credentials alone, so that the engine never finds two of them.
pub(super) struct Synthetic<'a> {
    client: &'a str,
    kind: &'a str,
    redirect_uri: Option<&'a str>,
    scope: Option<String>,
}

impl<'a> Synthetic<'a> {
    pub(super) fn new(client: &'a str, kind: &'a str, redirect_uri: Option<&'a str>, scope: Option<&Scope>) -> Self {
        Self { client, kind, redirect_uri, scope: scope.map(ToString::to_string) }
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.as_deref().map(Cow::Borrowed)
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri.map(Cow::Borrowed)
    }

    fn credentials(&self) -> (Cow<'_, str>, Cow<'_, [u8]>) {
        (Cow::Borrowed(self.client), Cow::Borrowed(SYNTHETIC.as_bytes()))
    }
}

impl authorization::Request for Synthetic<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.client))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope()
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri()
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.kind))
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl accesstoken::Request for Synthetic<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(SYNTHETIC))
    }

    fn authorization(&self) -> accesstoken::Authorization<'_> {
        let secret = Cow::Borrowed(SYNTHETIC.as_bytes());
        accesstoken::Authorization::UsernamePassword(Cow::Borrowed(self.client), secret)
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri()
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.kind))
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl refresh::Request for Synthetic<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(SYNTHETIC))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope()
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.kind))
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some(self.credentials())
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl client_credentials::Request for Synthetic<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some(self.credentials())
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope()
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.kind))
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}
