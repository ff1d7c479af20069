//! What a page of an interaction is made of.

use super::interaction::Interaction;
use super::outcome::{FlowError, Problem};
use super::{Flow, SignUpPolicy, Visit};
use crate::base::id::ClientId;
use crate::domain::Client;
use crate::protocol::LoginMethods;
use crate::store::{StoreResult, Tx, clients};

/// The client as a page names it.
#[derive(Clone, Debug)]
pub struct ClientFace {
    /// Its name.
    pub name: String,
    /// Ours, or somebody else's.
    pub first_party: bool,
    /// Its own page, terms and policy, as registered.
    pub client_uri: Option<String>,
    /// Terms of service.
    pub tos_uri: Option<String>,
    /// Privacy policy.
    pub policy_uri: Option<String>,
}

impl ClientFace {
    /// The face of a registered client.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        Self {
            name: client.name().to_owned(),
            first_party: client.metadata.first_party,
            client_uri: client.metadata.client_uri.clone(),
            tos_uri: client.metadata.tos_uri.clone(),
            policy_uri: client.metadata.policy_uri.clone(),
        }
    }
}

/// What every page of an interaction needs.
#[derive(Clone, Debug)]
pub struct View {
    /// Name of the interaction, for the form and the links.
    pub interaction: String,
    /// The token of its forms.
    pub csrf: String,
    /// Whom the person signs in to; none when they came by themselves.
    pub client: Option<ClientFace>,
    /// Languages that the request wished for.
    pub ui_locales: Vec<String>,
    /// Where the interaction returns to.
    pub redirect_uri: Option<String>,
    /// What the request suggested as identifier.
    pub login_hint: Option<String>,
    /// The login methods that the client takes.
    pub methods: LoginMethods,
    /// Whether people make accounts on the way: not to a client that would not take them.
    pub sign_up: SignUpPolicy,
    /// The number or address that was typed on another page before, in full:
    /// for the field where it would be typed again, and nowhere else.
    pub typed: Option<String>,
}

impl Flow {
    /// The view of an interaction.
    pub(super) fn view(
        &self,
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        client: Option<&Client>,
    ) -> StoreResult<View> {
        let asked = interaction.request.asked.as_ref();
        let methods = Self::methods_of_client(tx, client)?;
        Ok(View {
            interaction: interaction.name.clone(),
            csrf: self.form_token(interaction),
            client: client.map(ClientFace::of),
            ui_locales: asked.map(|asked| asked.ui_locales.clone()).unwrap_or_default(),
            redirect_uri: match asked {
                Some(asked) => Some(asked.redirect_uri.clone()),
                None => self.default_entrance(tx)?,
            },
            login_hint: asked.and_then(|asked| asked.login_hint.clone()),
            sign_up: if Self::takes_newcomers(client) { self.settings.sign_up } else { SignUpPolicy::Closed },
            methods,
            typed: self.typed_of(interaction),
        })
    }

    /// Where people go who signed in for no client: the default client's
    /// `initiate_login_uri`, if there is one.
    pub(super) fn default_entrance(&self, tx: &mut Tx<'_>) -> StoreResult<Option<String>> {
        let client = self.settings.default_client.as_ref().map(|id| clients::find(tx, id)).transpose()?.flatten();
        Ok(client.and_then(|client| client.metadata.initiate_login_uri))
    }

    /// The client of an interaction; one that was switched off meanwhile ends
    /// it like an unknown one.
    pub(super) fn client_of(
        tx: &mut Tx<'_>,
        interaction: &Interaction,
    ) -> StoreResult<Result<Option<Client>, FlowError>> {
        let Some(asked) = &interaction.request.asked else {
            return Ok(Ok(None));
        };
        let active = find_active(tx, &asked.client_id)?;
        Ok(active.map(Some).ok_or_else(|| Problem::Client(super::outcome::ClientProblem::Unknown).into()))
    }

    /// Loads an interaction with its client, for a page or a form.
    pub(super) fn enter(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        name: &str,
    ) -> StoreResult<Result<(Interaction, Option<Client>), FlowError>> {
        let interaction = match self.interaction(tx, visit, name)? {
            Ok(interaction) => interaction,
            Err(gone) => return Ok(Err(gone)),
        };
        let client = Self::client_of(tx, &interaction)?;
        Ok(client.map(|client| (interaction, client)))
    }
}

fn find_active(tx: &mut Tx<'_>, id: &ClientId) -> StoreResult<Option<Client>> {
    let found = clients::find(tx, id)?;
    Ok(found.filter(|client| client.status == crate::domain::ClientStatus::Active))
}
