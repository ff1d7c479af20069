//! One-tap mobile number: a native app's carrier token is traded for the number
//! at an aggregator, and then it is exactly the account choice of the text
//! message, without a code. amr: `one_tap`.
//!
//! Only the aggregator's answer says whose number it is: nothing else that the
//! app posts is read. A token is traded once, over all nodes, and the trades are
//! counted before they are made: they cost money.

use std::sync::Arc;

use async_trait::async_trait;

use super::phone_holders::{NumberProved, Wish};
use super::vendor::{self, Brought};
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, Method, Progress};
use crate::authn::codes::ProvedBy;
use crate::authn::contact::Contact;
use crate::authn::form::Form;
use crate::authn::registry::{Deps, Entry};
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::shortlist::Shortlist;
use crate::connectors::carrier::number_aggregator;
use crate::connectors::{Carrier, CarrierToken, NumberAggregator};
use crate::domain::{Amr, CodePurpose, ContactKind};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: &[],
    build: |section, deps| {
        let Some(aggregator) = number_aggregator(section, &deps.wire)? else { return Ok(Vec::new()) };
        Ok(vec![Arc::new(OneTap { deps: deps.clone(), aggregator })])
    },
};

/// What a carrier's word proves, here and where an account is made.
pub(in crate::authn) const METHOD: Method = Method { name: "one_tap", factor: Factor::Possession, amr: &[Amr::OneTap] };

/// What the carrier's SDK gave the app.
const TOKEN: &str = "token";
/// Which carrier's SDK it was. Not every aggregator needs it.
const CARRIER: &str = "carrier";
/// The app's own name of this try, for the aggregator's records.
const ATTEMPT: &str = "attempt";
/// The longest name that an app gives its attempt.
const LONGEST_NAME: usize = 64;

struct OneTap {
    deps: Deps,
    aggregator: Arc<dyn NumberAggregator>,
}

#[async_trait]
impl Authenticator for OneTap {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::App
    }

    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        let carrier = match form.filled(CARRIER).map(carrier) {
            // A name of no carrier: nothing is asked, and the token stays good.
            Some(None) => return Ok(Rejection::FieldRequired { field: CARRIER }.into()),
            Some(known) => known,
            None => None,
        };
        // What is not whole is not counted, and what is too much uses no token up.
        if let Err(rejection) = form.required(TOKEN) {
            return Ok(rejection.into());
        }
        if let Err(rejection) = self.deps.codes.may_ask_number(attempt, METHOD).await? {
            return Ok(rejection.into());
        }
        let token = match vendor::brought(&self.deps.upstream, attempt, METHOD, form, TOKEN).await? {
            Brought::Fresh(token) => token,
            Brought::Refused(rejection) => return Ok(rejection.into()),
        };
        let plain = |name: &&str| {
            name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let name = form.filled(ATTEMPT).filter(plain).unwrap_or(attempt.request_id);
        match self.aggregator.number(&CarrierToken { token, carrier, attempt: name }).await {
            Ok(phone) => self.number(attempt, phone.as_str()).await,
            Err(error) => vendor::failed(&self.deps.upstream, attempt, METHOD, &error).await,
        }
    }

    async fn choose(&self, attempt: &Attempt<'_>, list: &Shortlist, handle: &str) -> Result<Progress, AuthnError> {
        self.proved(attempt).choose(list, handle).await
    }
}

impl OneTap {
    fn proved<'a>(&'a self, attempt: &'a Attempt<'a>) -> NumberProved<'a> {
        NumberProved { deps: &self.deps, attempt, method: METHOD }
    }

    /// Whoever has the number; a number that nobody has may make an account.
    async fn number(&self, attempt: &Attempt<'_>, number: &str) -> Result<Progress, AuthnError> {
        let contact = Contact::of(&self.deps.contacts, ContactKind::Phone, number);
        let by = (CodePurpose::Login, ProvedBy::Carrier);
        match self.proved(attempt).settle(&contact, Wish::Any).await? {
            Some(progress) => Ok(progress),
            None => Ok(Progress::Unregistered(self.deps.codes.prove(attempt, &contact, by)?)),
        }
    }
}

/// By the names that SDKs give them, or the aggregators.
fn carrier(name: &str) -> Option<Carrier> {
    match name.to_ascii_lowercase().as_str() {
        "cmcc" | "mobile" => Some(Carrier::Mobile),
        "cucc" | "unicom" => Some(Carrier::Unicom),
        "ctcc" | "telecom" => Some(Carrier::Telecom),
        _ => None,
    }
}
