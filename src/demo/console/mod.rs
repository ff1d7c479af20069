//! The example relying party: a "cloud console", and beside it a third-party
//! "report tool" that has to ask for consent.
//!
//! It is a stranger to the provider: it knows its issuer and what it is
//! registered with, and learns everything else by discovery. Nothing here may
//! reach into the provider's own modules, but for the languages of pages.

mod back_channel;
mod pages;
mod provider;
mod relying_party;
mod routes;
mod seats;
mod session;
mod signed_in;
mod text;
mod trouble;
mod visit;

use std::sync::Arc;

use openidconnect::url::ParseError;
use openidconnect::{ClientId, ClientSecret, IssuerUrl, PostLogoutRedirectUrl, RedirectUrl};

use super::addresses::Addresses;
use super::data;
use super::http::HttpClient;
use crate::base::{SharedClock, SharedEntropy};
use provider::Provider;
use relying_party::{Registration, RelyingParty};
pub use routes::routes;
use session::{Sessions, Tool};

/// What the console asks for, beside `openid`.
const CONSOLE_SCOPES: &[&str] = &["profile", "email", "phone", "address", "account", "offline_access", data::API_SCOPE];
/// What the report tool asks for, beside `openid`.
const REPORT_SCOPES: &[&str] = &["profile", "email", "account"];

/// The console, one for all workers.
pub struct Console {
    provider: Arc<Provider>,
    platform: RelyingParty,
    report: RelyingParty,
    sessions: Sessions,
    /// Its own origin.
    origin: String,
    api: String,
    /// The simulated phone.
    phone: String,
}

impl Console {
    /// A console at these addresses, registered as the demo data say.
    ///
    /// # Errors
    /// When an address is none.
    pub fn new(
        addresses: &Addresses,
        http: HttpClient,
        clock: SharedClock,
        entropy: SharedEntropy,
    ) -> Result<Self, ParseError> {
        let issuer = IssuerUrl::new(addresses.issuer.clone())?;
        let provider = Arc::new(Provider::new(issuer, http, Arc::clone(&clock)));
        let registration = |client_id: &str, secret: &str, path: &str, scopes| -> Result<Registration, ParseError> {
            Ok(Registration {
                client_id: ClientId::new(client_id.to_owned()),
                secret: ClientSecret::new(secret.to_owned()),
                redirect_uri: RedirectUrl::new(format!("{}{path}", addresses.console))?,
                post_logout_redirect_uri: PostLogoutRedirectUrl::new(format!("{}/", addresses.console))?,
                scopes,
            })
        };
        let console = registration(data::CONSOLE, data::CONSOLE_SECRET, data::CONSOLE_CALLBACK, CONSOLE_SCOPES)?;
        let report = registration(data::REPORT, data::REPORT_SECRET, data::REPORT_CALLBACK, REPORT_SCOPES)?;
        Ok(Self {
            platform: RelyingParty::new(Arc::clone(&provider), console),
            report: RelyingParty::new(Arc::clone(&provider), report),
            provider,
            sessions: Sessions::new(clock, entropy),
            origin: addresses.console.clone(),
            api: addresses.api.clone(),
            phone: addresses.simulator.clone(),
        })
    }

    const fn party(&self, tool: Tool) -> &RelyingParty {
        match tool {
            Tool::Console => &self.platform,
            Tool::Report => &self.report,
        }
    }
}
