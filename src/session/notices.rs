//! What relying parties are told when a sign-in ends: one message in the outbox
//! for each client that knew it and registered where it wants to hear of it
//! (OpenID Connect Back-Channel Logout 1.0). Written in the transaction that
//! ends the sign-in; `jobs` delivers.

use serde::{Deserialize, Serialize};

use crate::base::id::{ClientId, PrincipalId, SessionId, SignInId};
use crate::domain::ClientStatus;
use crate::store::{StoreError, StoreResult, Tx, client_sessions, clients, outbox};

/// The kind of these messages in the outbox.
pub const LOGOUT_NOTICE: &str = "back_channel_logout";

/// That one client session is over. Holds no secret, so it is not sealed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct LogoutNotice {
    /// Who is told.
    pub client: ClientId,
    /// Whose sign-in it was.
    pub subject: PrincipalId,
    /// The sign-in, as this client knew it.
    pub sid: SessionId,
}

impl LogoutNotice {
    /// Reads a message of the outbox.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }

    /// Puts the message into the outbox, if its client wants to hear of it.
    pub(super) fn put(&self, tx: &mut Tx<'_>) -> StoreResult<()> {
        let client = clients::find(tx, &self.client)?.filter(|client| client.status == ClientStatus::Active);
        if client.is_none_or(|client| client.metadata.backchannel_logout_uri.is_none()) {
            return Ok(());
        }
        let payload = serde_json::to_vec(self)
            .map_err(|error| StoreError::inconsistent("outbox.payload", LOGOUT_NOTICE, error))?;
        outbox::put(tx, LOGOUT_NOTICE, &format!("{LOGOUT_NOTICE} {}", self.sid), &payload)?;
        Ok(())
    }
}

/// Tells every client of this sign-in that it is over.
pub(super) fn announce(tx: &mut Tx<'_>, sign_in: SignInId, subject: &PrincipalId) -> StoreResult<()> {
    for (client, sid) in client_sessions::of_sign_in(tx, sign_in)? {
        LogoutNotice { client, subject: subject.clone(), sid }.put(tx)?;
    }
    Ok(())
}
