//! The provider that is measured: its configuration, its people and clients, its
//! process.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::child::{Child, free_address, run};
use crate::wire::Requests;

/// Everybody's password.
pub const PASSWORD: &str = "open-the-red-gate-1";
/// People who sign in with it.
pub const PEOPLE: usize = 80;
/// What the relying party asks for.
pub const SCOPE: &str = "openid profile email offline_access";
const SECRET: &str = "a-secret-that-is-long-enough-for-everybody";
const API: &str = "https://api.acme.example";
const CALLBACK: &str = "https://console.example/callback";
const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters";

/// A provider's folder and addresses.
pub struct House {
    folder: TempDir,
    variables: Vec<(String, String)>,
    pub requests: Requests,
    address: std::net::SocketAddr,
}

impl House {
    /// Makes a database with people and clients, as an operator would.
    pub fn build() -> Self {
        Self::with(Vec::new())
    }

    /// The same with settings of its own, as `section.key` and value.
    pub fn with(settings: Vec<(String, String)>) -> Self {
        let name = |key: String| format!("MENSHEN__{}", key.to_uppercase().replace('.', "__"));
        let variables = settings.into_iter().map(|(key, value)| (name(key), value)).collect();
        // Not in the system's temporary directory, which may be memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let address = free_address();
        let requests = Requests { origin: format!("http://localhost:{}", address.port()) };
        let house = Self { folder, variables, requests, address };
        std::fs::write(house.path("menshen.toml"), house.configuration()).expect("the configuration");
        let declaration = declaration();
        std::fs::write(house.path("apply.toml"), declaration).expect("the declaration");
        let mut apply = house.command("apply");
        run(apply.arg(house.path("apply.toml")));
        house
    }

    /// Starts `menshen serve` over it.
    pub fn serve(&self) -> Child {
        Child::start(self.command("serve"), self.address, "/readyz")
    }

    pub fn database(&self) -> PathBuf {
        self.path("menshen.db")
    }

    pub fn key_file(&self) -> PathBuf {
        self.path("menshen.key")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_menshen"));
        command
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .arg("--config")
            .arg(self.path("menshen.toml"))
            .arg(name);
        command
    }

    /// The defaults, but for what a measurement needs: no throttle, and codes and
    /// tokens that are still good when their turn comes.
    fn configuration(&self) -> String {
        format!(
            "[server]\nlisten = \"{}\"\nissuer = \"{}\"\n\
             [database]\nurl = \"sqlite:{}\"\n[keys]\nkek_file = \"{}\"\n[metrics]\nlisten = \"{}\"\n\
             [throttle]\nenabled = false\n[log]\nlevel = \"warn\"\n\
             [tokens]\ncode = \"10m\"\naccess = \"12h\"\naccess_jwt = \"1h\"\n",
            self.address,
            self.requests.origin,
            self.database().display(),
            self.key_file().display(),
            free_address(),
        )
    }
}

/// What somebody types to sign in.
pub fn login_name(person: usize) -> String {
    format!("person{}@acme.example", person % PEOPLE)
}

/// The number of somebody, or from [`PEOPLE`] on of nobody.
pub fn phone(person: usize) -> String {
    format!("+86137{person:08}")
}

/// The request with which a client sends somebody to sign in.
pub fn authorize_path(client: &str) -> String {
    let challenge = menshen::protocol::pkce::CodeVerifier::parse(VERIFIER).expect("a verifier").challenge();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", client),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", SCOPE),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    format!("/authorize?{query}")
}

/// The form with which a client trades a code.
pub fn exchange_form(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

/// The header by which a client proves itself.
pub fn basic(client: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{client}:{SECRET}")))
}

fn declaration() -> String {
    let mut all = String::from(
        "allow_weak_passwords = true\n[[account]]\nalias = \"acme\"\nname = \"Acme\"\nemail = \"ops@acme.example\"\n\
         phone = \"+8613800000001\"\npassword = \"open-the-red-gate-1\"\n\
         [[account.iam_user]]\nusername = \"alice\"\nname = \"Alice\"\npassword = \"open-the-red-gate-1\"\n",
    );
    for person in 0..PEOPLE {
        let _ = write!(
            all,
            "[[account]]\nname = \"Person {person}\"\nemail = \"{}\"\nphone = \"{}\"\npassword = \"{PASSWORD}\"\n\
             claims = {{ given_name = \"Person\", birthdate = \"1990-01-01\", address = {{ country = \"CN\" }} }}\n",
            login_name(person),
            phone(person)
        );
    }
    let relying = format!(
        "first_party = true\nredirect_uris = [\"{CALLBACK}\"]\ngrant_types = [\"authorization_code\", \"refresh_token\"]\n\
         scope = \"{SCOPE} ecs:read\"\n"
    );
    let machine = "grant_types = [\"client_credentials\"]\nscope = \"ecs:read\"\nowner_account = \"acme\"\n";
    let jwt = "access_token_format = \"jwt\"\n";
    for (client, about) in [
        ("console", relying.clone()),
        ("console-jwt", format!("{relying}{jwt}")),
        ("machine", machine.to_owned()),
        ("machine-es256", format!("{machine}{jwt}access_token_signed_response_alg = \"ES256\"\n")),
        ("machine-rs256", format!("{machine}{jwt}access_token_signed_response_alg = \"RS256\"\n")),
        ("billing-api", machine.to_owned()),
    ] {
        let _ = write!(
            all,
            "[[client]]\nclient_id = \"{client}\"\nclient_secret = \"{SECRET}\"\nclient_name = \"{client}\"\n\
             resources = [\"{API}\"]\n{about}"
        );
    }
    all + &format!("[[resource]]\nid = \"{API}\"\nscopes = [\"ecs:read\"]\nintrospection_client = \"billing-api\"\n")
}
