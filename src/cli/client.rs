//! `menshen client …`: the operator's hand on clients. Secrets are shown once,
//! when they are made; hashes never.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::args::Common;
use super::house::House;
use super::{CliError, output};
use crate::base::id::ClientId;
use crate::domain::client::{Client, ClientStatus};
use crate::identity::apply::read_metadata;
use crate::identity::by_operator;
use crate::identity::clients::WithSecret;
use crate::protocol::ClientMetadata;

/// `menshen client …`
#[derive(Clone, Debug, Subcommand)]
pub enum ClientCommand {
    /// Register a client; its secret is made here and shown once.
    Create(Box<Registration>),
    /// List clients by name.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
        /// Begin behind this name.
        #[arg(long, value_name = "CLIENT_ID", default_value = "")]
        after: String,
    },
    /// Show a client's registration.
    Show(Named),
    /// Switch a client off: from then on it is refused as if it did not exist.
    Disable(Named),
    /// Switch a client on again.
    Enable(Named),
    /// Make another secret; the one before it works for a while.
    RotateSecret {
        /// Whose.
        #[command(flatten)]
        client: Named,
        /// Hours that the secret before it works on; 0: not at all.
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(0..=720))]
        overlap: u64,
    },
}

/// Which client.
#[derive(Args, Clone, Debug)]
pub struct Named {
    /// Its `client_id`.
    #[arg(value_name = "CLIENT_ID")]
    client_id: String,
}

/// What a client is registered with: flags, or a file.
#[derive(Args, Clone, Debug)]
pub struct Registration {
    /// Its `client_id`; without one it gets a random one.
    #[arg(value_name = "CLIENT_ID")]
    client_id: Option<String>,
    /// Registration in JSON (names of RFC 7591), instead of the flags below.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "redirect_uris", "post_logout_redirect_uris",
        "grant_types", "auth_method", "scope", "resources", "access_token_format", "owner_account", "native",
        "first_party", "without_pkce"])]
    file: Option<PathBuf>,
    /// Name for people.
    #[arg(long)]
    name: Option<String>,
    /// Where answers may go; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where a sign-out may go; may be repeated.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// `authorization_code`, `refresh_token`, `client_credentials`; may be repeated.
    #[arg(long = "grant-type", value_name = "TYPE")]
    grant_types: Vec<String>,
    /// `client_secret_basic`, `client_secret_post`, `private_key_jwt` (by file), `none`.
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Scopes it may ask for, separated by spaces.
    #[arg(long)]
    scope: Option<String>,
    /// API that its tokens may be for; may be repeated, the first is the default.
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// `opaque` or `jwt`.
    #[arg(long, value_name = "FORMAT")]
    access_token_format: Option<String>,
    /// Alias or id of the account that owns it.
    #[arg(long, value_name = "ACCOUNT")]
    owner_account: Option<String>,
    /// It runs on the person's device.
    #[arg(long)]
    native: bool,
    /// It belongs to the house: nobody is asked for consent.
    #[arg(long)]
    first_party: bool,
    /// It need not send a code challenge.
    #[arg(long)]
    without_pkce: bool,
}

pub(super) fn run(common: &Common, command: &ClientCommand) -> Result<(), CliError> {
    match command {
        ClientCommand::Create(registration) => {
            // Looked at before anything is opened.
            let (id, metadata) = registration.read()?;
            create(common, &House::open(common)?, id, metadata)
        }
        ClientCommand::List { limit, after } => list(common, &House::open(common)?, *limit, after),
        ClientCommand::Show(named) => show(common, &House::open(common)?, &named.client_id),
        ClientCommand::Disable(named) => switch(common, &named.client_id, ClientStatus::Disabled),
        ClientCommand::Enable(named) => switch(common, &named.client_id, ClientStatus::Active),
        ClientCommand::RotateSecret { client, overlap } => rotate(common, &client.client_id, *overlap),
    }
}

impl Registration {
    /// The name, if one is given, and the registration.
    fn read(&self) -> Result<(Option<ClientId>, ClientMetadata), CliError> {
        let (place, mut members) = match &self.file {
            Some(file) => (format!("{}: ", file.display()), read_file(file)?),
            None => (String::new(), self.members()),
        };
        if members.remove("client_secret").is_some() {
            return Err(CliError::new(
                format!("{place}client_secret"),
                "secrets are made here; declare them by `apply`",
            ));
        }
        let named = match members.remove("client_id") {
            None => None,
            Some(Value::String(id)) => Some(id),
            Some(_) => return Err(CliError::new(format!("{place}client_id"), "expected a text")),
        };
        let metadata = read_metadata(&members, "");
        let metadata = metadata.map_err(|wrong| CliError::new(format!("{place}{}", wrong.at), wrong.reason))?;
        Ok((self.client_id.clone().or(named).map(ClientId::from_text), metadata))
    }

    /// The flags under the names of RFC 7591; what is not given is left out.
    fn members(&self) -> Map<String, Value> {
        let lists = [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
            ("grant_types", &self.grant_types),
            ("resources", &self.resources),
        ];
        let texts = [
            ("client_name", &self.name),
            ("token_endpoint_auth_method", &self.auth_method),
            ("scope", &self.scope),
            ("access_token_format", &self.access_token_format),
            ("owner_account", &self.owner_account),
        ];
        let lists = lists.into_iter().filter(|(_name, list)| !list.is_empty()).map(|(name, list)| (name, json!(list)));
        let texts = texts.into_iter().filter_map(|(name, text)| text.as_ref().map(|text| (name, json!(text))));
        let mut members: Map<String, Value> =
            lists.chain(texts).map(|(name, value)| (name.to_owned(), value)).collect();
        if self.native {
            members.insert("application_type".to_owned(), json!("native"));
        }
        if self.first_party {
            members.insert("first_party".to_owned(), json!(true));
        }
        if self.without_pkce {
            members.insert("require_pkce".to_owned(), json!(false));
        }
        members
    }
}

fn read_file(file: &std::path::Path) -> Result<Map<String, Value>, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| CliError::new(file.display(), error.kind()))?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(CliError::new(file.display(), "expected a JSON object")),
        Err(error) => {
            Err(CliError::new(file.display(), format!("line {}, column {}: is not JSON", error.line(), error.column())))
        }
    }
}

fn create(common: &Common, house: &House, id: Option<ClientId>, metadata: ClientMetadata) -> Result<(), CliError> {
    let made = house.wait(house.identity()?.create_client(id, metadata, &by_operator()));
    let made = made.map_err(|error| CliError::new("client", error))?;
    print_secret(common, &made);
    Ok(())
}

fn print_secret(common: &Common, made: &WithSecret) {
    let secret = made.secret.as_ref().map(|secret| secret.expose().as_str());
    if common.json {
        let mut shown = client_json(&made.client);
        if let (Some(shown), Some(secret)) = (shown.as_object_mut(), secret) {
            shown.insert("client_secret".to_owned(), json!(secret));
        }
        output::json(&shown);
        return;
    }
    output::text(&format!("client_id {}", made.client.id));
    if let Some(secret) = secret {
        output::text(&format!("client_secret {secret}"));
    }
}

fn client_json(client: &Client) -> Value {
    let mut shown = serde_json::to_value(&client.metadata).unwrap_or_default();
    if let Some(members) = shown.as_object_mut() {
        members.insert("client_id".to_owned(), json!(client.id));
        members.insert("status".to_owned(), json!(client.status));
        members.insert("has_secret".to_owned(), json!(client.secret_hash.is_some()));
        let until = client.previous_secret_hash.as_ref().map(|(_hash, until)| until.to_string());
        members.insert("previous_secret_until".to_owned(), json!(until));
        members.insert("owner_account_id".to_owned(), json!(client.owner_account));
        members.retain(|_name, value| !value.is_null());
    }
    shown
}

fn list(common: &Common, house: &House, limit: i64, after: &str) -> Result<(), CliError> {
    let clients = house.wait(house.identity()?.list_clients(after.to_owned(), limit))?;
    let full = usize::try_from(limit).is_ok_and(|limit| clients.len() == limit);
    let next = clients.last().filter(|_last| full).map(|last| last.id.as_str());
    if common.json {
        output::json(&json!({ "clients": clients.iter().map(client_json).collect::<Vec<_>>(), "next": next }));
        return Ok(());
    }
    for client in &clients {
        output::text(&format!("{:<8}  {}  {}", client.status.as_str(), client.id, client.name()));
    }
    if let Some(next) = next {
        output::text(&format!("more: --after {next}"));
    }
    Ok(())
}

fn show(common: &Common, house: &House, id: &str) -> Result<(), CliError> {
    let client = house.wait(house.identity()?.load_client(ClientId::from_text(id)));
    let shown = client_json(&client.map_err(|error| CliError::new(id, error))?);
    if common.json {
        output::json(&shown);
    } else {
        output::text(&output::lines(&shown));
    }
    Ok(())
}

fn switch(common: &Common, id: &str, status: ClientStatus) -> Result<(), CliError> {
    let house = House::open(common)?;
    let changed = house.wait(house.identity()?.set_client_status(ClientId::from_text(id), status, &by_operator()));
    let changed = changed.map_err(|error| CliError::new(id, error))?;
    if common.json {
        output::json(&json!({ "client_id": id, "status": status, "changed": changed }));
    } else if changed {
        output::text(&format!("{status} {id}"));
    } else {
        output::text("nothing changed");
    }
    Ok(())
}

fn rotate(common: &Common, id: &str, overlap: u64) -> Result<(), CliError> {
    let house = House::open(common)?;
    let overlap = Duration::from_secs(overlap.saturating_mul(3_600));
    let made = house.wait(house.identity()?.rotate_client_secret(ClientId::from_text(id), overlap, &by_operator()));
    print_secret(common, &made.map_err(|error| CliError::new(id, error))?);
    Ok(())
}
