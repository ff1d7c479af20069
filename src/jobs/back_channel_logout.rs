//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): tells a client
//! that a sign-in is over. The person's own sign-out never waits for it.

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use super::outbox::{Deliver, Message, Undelivered};
use crate::outbound::{Call, Outbound, OutboundError};
use crate::session::{LOGOUT_NOTICE, LogoutNotice};
use crate::token::Tokens;

/// How long a client may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Delivers logout tokens.
pub struct BackChannelLogout {
    tokens: Tokens,
    outbound: Outbound,
}

impl BackChannelLogout {
    /// Signs with `tokens`, calls with `outbound`.
    #[must_use]
    pub const fn new(tokens: Tokens, outbound: Outbound) -> Self {
        Self { tokens, outbound }
    }

    async fn call(&self, url: Url, token: &str) -> Result<(), Undelivered> {
        let call = Call::post(url).form([("logout_token", token)]).within(PATIENCE);
        match self.outbound.send(call).await {
            Ok(answer) if answer.is_success() => Ok(()),
            // §2.8: the client has looked at it and says no; it will say so again.
            Ok(answer) if answer.status == 400 => Err(Undelivered::Never),
            Err(OutboundError::Url(_)) => Err(Undelivered::Never),
            Ok(_) | Err(_) => Err(Undelivered::Later),
        }
    }
}

#[async_trait]
impl Deliver for BackChannelLogout {
    fn kind(&self) -> &'static str {
        LOGOUT_NOTICE
    }

    async fn deliver(&self, message: &Message) -> Result<(), Undelivered> {
        let notice = LogoutNotice::read(&message.payload).ok_or(Undelivered::Never)?;
        let known = self.tokens.clients().find(&notice.client).await.map_err(|error| {
            tracing::warn!(%error, "a client cannot be told of a sign-out yet");
            Undelivered::Later
        })?;
        let Some(known) = known.filter(|known| known.is_active()) else { return Ok(()) };
        let Some(uri) = &known.client.metadata.backchannel_logout_uri else { return Ok(()) };
        let url = Url::parse(uri).map_err(|_checked_before| Undelivered::Never)?;
        let token = self.tokens.logout_token(&known.client, &notice.subject, &notice.sid).map_err(|error| {
            tracing::error!(%error, "a logout token cannot be signed");
            Undelivered::Later
        })?;
        self.call(url, token.expose()).await
    }
}
