//! A small house: Acme with its root, one browser, one sign-in, some clients.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use menshen::base::id::{ClientId, ResourceId, SessionId, SignInId};
use menshen::base::{Clock, Secret, SeededEntropy, SharedClock, SharedEntropy, TestClock, Timestamp};
use menshen::config::{Config, Outbound as OutboundConfig};
use menshen::domain::{AuditEvent, Client, ClientStatus, ContactKind, Principal};
use menshen::keys::{ClientJwks, ClientSecretKeys, ContactKeys, LoginHints, SigningKeys, Vault};
use menshen::outbound::Outbound;
use menshen::protocol::client_metadata::{ClientMetadata, GrantType};
use menshen::protocol::pkce::CodeVerifier;
use menshen::protocol::{AuthorizationRequest, ErrorCode, RawParams, Scope};
use menshen::store::{Store, StoreResult, Tx, audit, client_sessions, clients, sign_ins};
use menshen::telemetry::Metrics;
use menshen::token::codes::{self, NewGrant};
use menshen::token::{AuthenticatedClient, Call, ClientDirectory, TokenAnswer, TokenError, TokenParts, Tokens};
use serde_json::{Value, json};

use super::residents::{populate, records, root};
use crate::support::database::{Backend, TestDatabase};

pub const ISSUER: &str = "https://id.acme.example";
pub const CALLBACK: &str = "https://rp.acme.example/cb";
pub const SECRET: &str = "a-secret-of-the-console-32-chars-long";
pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-at-least";
pub const API: &str = "https://api.acme.example";

pub struct House {
    pub database: TestDatabase,
    pub store: Store,
    pub clock: TestClock,
    pub tokens: Tokens,
    pub secrets: ClientSecretKeys,
    pub root: Principal,
    pub sign_in: SignInId,
}

impl House {
    pub async fn new(backend: Backend) -> Self {
        let clock = TestDatabase::clock();
        Self::with_clock(backend, clock.clone(), Arc::new(clock)).await
    }

    /// `shared` is what the house reads, `clock` what the test moves.
    pub async fn with_clock(backend: Backend, clock: TestClock, shared: SharedClock) -> Self {
        let database = TestDatabase::new(backend);
        let store = database.open_with(TestDatabase::options(), Arc::clone(&shared));
        let vault = Arc::new(Vault::from_bytes(&[7; 32]));
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(1));
        let (contacts, secrets) = (ContactKeys::new(Arc::clone(&vault)), ClientSecretKeys::new(&vault));
        let config = Config::from_parts("", []).expect("the defaults");
        let outbound = Outbound::new(&OutboundConfig { ..config.outbound.clone() }).expect("an outbound client");
        let tokens = Tokens::new(TokenParts {
            store: store.clone(),
            opaque: Arc::new(vault.opaque_tokens()),
            keys: SigningKeys::open(records(&vault), &vault, clock.now()).expect("the signing keys"),
            contacts: contacts.clone(),
            login_hints: LoginHints::new(&vault),
            client_secrets: secrets.clone(),
            client_jwks: ClientJwks::new(outbound),
            clients: ClientDirectory::new(store.clone(), Arc::clone(&shared)),
            issuer: ISSUER.to_owned(),
            lifetimes: config.tokens.clone(),
            metrics: Arc::new(Metrics::new(clock.now()).expect("metrics")),
            clock: shared,
            entropy: Arc::clone(&entropy),
        });
        let root = root();
        let sealed = contacts
            .seal(&root.id, ContactKind::Email, "ops@acme.example", entropy.as_ref())
            .expect("a sealed contact");
        let person = root.clone();
        let now = clock.now();
        let sign_in = store.write(move |tx| populate(tx, &person, &sealed, now)).await.expect("the house");
        let house = Self { database, store, clock, tokens, secrets, root, sign_in };
        house.put_client("console", console()).await;
        house.put_client("other", console()).await;
        house
    }

    /// Stores a client with [`SECRET`], whatever was there under this name.
    pub async fn put_client(&self, id: &str, metadata: ClientMetadata) {
        let id = ClientId::from_text(id);
        let client = Client {
            secret_hash: Some(self.secrets.hash(&id, SECRET).as_bytes().to_vec()),
            id,
            status: ClientStatus::Active,
            previous_secret_hash: None,
            metadata,
            owner_account: None,
        };
        self.put(client).await;
    }

    pub async fn put(&self, client: Client) {
        self.write(move |tx| clients::put(tx, &client)).await;
        self.tokens.clients().forget();
    }

    pub async fn write<T: Send + 'static>(&self, job: impl Fn(&mut Tx<'_>) -> StoreResult<T> + Send + 'static) -> T {
        self.store.write(job).await.expect("a write of the test")
    }

    /// A code for `client`, as the authorization endpoint issues it.
    pub async fn code(&self, client: &str, extra: &[(&str, &str)]) -> String {
        let id = ClientId::from_text(client);
        let wanted = id.clone();
        let read = self.store.read(move |tx| clients::find(tx, &wanted)).await.expect("reading");
        let client = read.expect("a client");
        let challenge = CodeVerifier::parse(VERIFIER).expect("a verifier").challenge();
        let mut params = vec![
            ("client_id", id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email account offline_access ecs:read"),
            ("nonce", "n-1"),
        ];
        if client.metadata.require_pkce {
            params.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        params.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
        params.extend(extra);
        let request =
            AuthorizationRequest::validate(&RawParams::from_pairs(params), &client.metadata).expect("a right request");
        let (mint, sign_in) = (self.tokens.code_mint(), self.sign_in);
        let code = self.store.write(move |tx| {
            let sign_in = sign_ins::find(tx, sign_in)?.expect("the sign-in");
            let fresh = SessionId::from_text(format!("sid-of-{}", client.id));
            let sid = client_sessions::ensure(tx, sign_in.id, &client.id, &fresh)?;
            let (scope, resources) = (request.scope.clone(), request.resources.clone());
            let new = NewGrant { client: &client, sign_in: &sign_in, sid: &sid, request: &request, scope, resources };
            codes::issue(tx, &mint, &new)
        });
        code.await.expect("a code").expose().clone()
    }

    /// A request to the token endpoint now, by `client` with Basic.
    pub async fn token(&self, client: &str, body: &[(&str, &str)]) -> Result<TokenAnswer, TokenError> {
        self.token_at(self.clock.now(), client, body).await
    }

    /// The same, of a request that arrived at another moment.
    pub async fn token_at(
        &self,
        arrived_at: Timestamp,
        client: &str,
        body: &[(&str, &str)],
    ) -> Result<TokenAnswer, TokenError> {
        let call = Call { arrived_at, ..call() };
        let body = RawParams::from_pairs(body.iter().copied());
        self.tokens.token(Some(&basic(client, SECRET)), &body, &call).await.map(|(_client, answer)| answer)
    }

    /// Trades a code of `client` with everything right.
    pub async fn exchange(&self, client: &str, code: &str) -> Result<TokenAnswer, TokenError> {
        self.token(client, &exchange_of(code)).await
    }

    /// The tokens of the console.
    pub async fn signed_in(&self) -> TokenAnswer {
        let code = self.code("console", &[]).await;
        self.exchange("console", &code).await.expect("tokens")
    }

    pub async fn refresh(&self, client: &str, token: &str) -> Result<TokenAnswer, TokenError> {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub async fn client(&self, id: &str) -> AuthenticatedClient {
        self.tokens.client(Some(&basic(id, SECRET)), &RawParams::default()).await.expect("the client")
    }

    /// What `client` learns of a token.
    pub async fn introspect(&self, client: &str, token: &str) -> Value {
        let client = self.client(client).await;
        let told = self.tokens.introspect(&client, &Secret::new(token.to_owned())).await.expect("introspection");
        serde_json::to_value(told).expect("JSON")
    }

    pub async fn is_active(&self, token: &str) -> bool {
        self.introspect("console", token).await["active"] == json!(true)
    }

    pub async fn events(&self) -> Vec<AuditEvent> {
        self.store.read(|tx| audit::latest(tx, 10)).await.expect("the audit trail")
    }

    pub fn after(&self, time: Duration) {
        self.clock.advance(time);
    }
}

pub fn exchange_of(code: &str) -> Vec<(&str, &str)> {
    vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

pub fn console() -> ClientMetadata {
    ClientMetadata {
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials],
        scope: Scope::parse("openid profile email phone address account offline_access ecs:read ecs:write").unwrap(),
        resources: vec![ResourceId::from_text(API), ResourceId::from_text("https://dns.acme.example")],
        allowed_cors_origins: vec!["https://spa.acme.example".to_owned()],
        first_party: true,
        ..ClientMetadata::default()
    }
}

pub fn call() -> Call {
    Call { arrived_at: Timestamp::EPOCH, address: "192.0.2.1".to_owned(), request_id: "r-1".to_owned() }
}

pub fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

/// The error that the client sees.
pub fn code_of<T>(outcome: Result<T, TokenError>) -> ErrorCode {
    outcome.err().expect("a refusal").code()
}

/// The claims of a JWT, unchecked.
pub fn claims_of(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

pub fn access_of(answer: &TokenAnswer) -> &str {
    answer.access_token().expose()
}

pub fn refresh_of(answer: &TokenAnswer) -> &str {
    answer.refresh_token().expect("a refresh token").expose()
}
