//! The audit of tokens that leave no row: `at+jwt` of clients that speak for
//! themselves.
//!
//! Such a token costs no write, so there is no transaction that its audit row
//! could stand in. They are counted here by who asked from where, and written
//! down once a second by `jobs::WriteTally`, and when the server stops: one row
//! for all that were issued meanwhile. What a crash can lose is that second.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{AuthenticatedClient, Call, Tokens};
use crate::base::id::{AccountId, ClientId};
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, AuditKind, Outcome};
use crate::store::{StoreResult, Tx, audit};

/// Who asked, and from where.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Asker {
    client: ClientId,
    account: Option<AccountId>,
    address: String,
}

/// What they got since the last row.
#[derive(Clone, Debug)]
struct Issued {
    tokens: u64,
    /// The first request of them.
    request_id: String,
}

/// What is not written down yet. As many entries as clients called, from as
/// many addresses: callers are authenticated, so a stranger cannot grow it.
#[derive(Default)]
pub(super) struct Tally(Mutex<HashMap<Asker, Issued>>);

impl Tally {
    /// Counts one token.
    pub(super) fn note(&self, client: &AuthenticatedClient, call: &Call) {
        let account = client.owner.as_ref().map(|owner| owner.owner_account_id.clone());
        let asker = Asker { client: client.id().clone(), account, address: call.address.clone() };
        let issued = Issued { tokens: 1, request_id: call.request_id.clone() };
        self.add(asker, issued);
    }

    fn add(&self, asker: Asker, issued: Issued) {
        let mut tally = self.0.lock();
        tally.entry(asker).and_modify(|before| before.tokens += issued.tokens).or_insert(issued);
    }
}

impl Tokens {
    /// Writes down what was counted; how many rows. What could not be written
    /// is kept for the next time.
    pub async fn write_tally(&self) -> StoreResult<usize> {
        let taken = std::mem::take(&mut *self.0.tally.0.lock());
        if taken.is_empty() {
            return Ok(0);
        }
        let rows = Arc::new(taken);
        let inside = Arc::clone(&rows);
        let written =
            self.0.store.write(move |tx| inside.iter().try_for_each(|(asker, issued)| row(tx, asker, issued)));
        match written.await {
            Ok(()) => Ok(rows.len()),
            Err(error) => {
                for (asker, issued) in rows.iter() {
                    self.0.tally.add(asker.clone(), issued.clone());
                }
                Err(error)
            }
        }
    }
}

fn row(tx: &mut Tx<'_>, asker: &Asker, issued: &Issued) -> StoreResult<()> {
    let event = AuditEvent::new(AuditKind::TokensIssued, Outcome::Success).of_client(&asker.client);
    let event = event.because(format!("client_credentials, {} at+jwt", issued.tokens));
    let event = match &asker.account {
        Some(account) => event.of_account(account),
        None => event,
    };
    let origin = Origin {
        actor: format!("client:{}", asker.client),
        address: asker.address.clone(),
        request_id: issued.request_id.clone(),
    };
    audit::record(tx, &event, &origin)
}
