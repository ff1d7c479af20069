//! A native app of ours is its own user agent: it asks for what a login page is
//! made of, and posts the forms itself (docs: "Native apps").

use super::outcome::{Answer, Destination, FlowError, Outcome};
use super::{Flow, Visit};
use crate::base::id::ClientId;
use crate::protocol::redirect_uri::ApplicationType;

/// What such an app needs to sign somebody in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NativeView {
    /// Name of the interaction.
    pub interaction: String,
    /// The token of its forms.
    pub csrf: String,
    /// The methods that are switched on and that the client takes, in the order of
    /// the page.
    pub methods: Vec<&'static str>,
}

impl Flow {
    /// The login page that an answer leads to, as a native app of ours takes it;
    /// `None` for every other client and page, which stay as they are.
    ///
    /// # Errors
    /// The store could not answer.
    pub async fn native_view(
        &self,
        visit: Visit,
        client_id: &str,
        answer: &Answer,
    ) -> Result<Option<NativeView>, FlowError> {
        let Outcome::Page(Destination::Login { interaction, .. }) = &answer.outcome else { return Ok(None) };
        let known = self.tokens.clients().find(&ClientId::from_text(client_id)).await?;
        let own = known.is_some_and(|known| {
            let metadata = &known.client.metadata;
            metadata.first_party && metadata.application_type == ApplicationType::Native
        });
        if !own {
            return Ok(None);
        }
        // The browser may be new: its cookie goes out with this very answer.
        let cookie = answer.cookie.as_ref().map(|cookie| cookie.expose().clone()).or(visit.cookie.clone());
        let view = self.enter_login(Visit { cookie, ..visit }, interaction.clone()).await?.view.view;
        let methods = self.registry.iter().map(|method| method.method().name);
        let methods = methods.filter(|method| view.methods.allow(method)).collect();
        Ok(Some(NativeView { interaction: view.interaction, csrf: view.csrf, methods }))
    }
}
