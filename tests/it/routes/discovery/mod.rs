//! What is advertised is enforced: every member of the discovery document with
//! its proof. A member that joins without one fails here.

mod clients;
mod requests;

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use menshen::keys::SigningKey;
use menshen::protocol::client_metadata::SigningAlg;
use rstest::rstest;
use serde_json::{Value, json};

use crate::routes::sign_up::GATEWAY;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{OPS, PASSWORD, Person, SECRET};
use crate::support::idp::{ISSUER, TestIdp};
use crate::support::relying_party::{RelyingParty, TokenSet, VERIFIER, claims_of};

const EVERYTHING: &str = "openid profile email phone address account offline_access";
const FULL: Person = Person { page: "/login", name: "full@full.example" };

/// What the proofs share.
struct Proofs {
    idp: TestIdp,
    browser: Browser,
    console: RelyingParty,
    tokens: TokenSet,
    rsa: SigningKey,
}

#[rstest]
#[actix_web::test]
async fn every_member_is_proved(#[values(Sqlite, Postgres)] backend: Backend) {
    let idp = TestIdp::configured(backend, GATEWAY).await;
    let rsa = SigningKey::generate(SigningAlg::Rs256).unwrap();
    idp.apply(&more_of_the_house(&rsa)).await;
    let (browser, console) = (idp.browser(), idp.client("console"));
    let tokens = console.signed_in(&browser, OPS, EVERYTHING).await;
    let document = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(browser.get("/.well-known/oauth-authorization-server").await.json(), document);
    let proofs = Proofs { idp, browser, console, tokens, rsa };
    for (name, value) in document.as_object().unwrap() {
        let proved = proofs.endpoint(name, value).await
            || proofs.request(name, value).await
            || proofs.person(name, value).await
            || proofs.client(name, value).await;
        assert!(proved, "nothing proves {name}");
    }
}

/// Clients of every algorithm, and somebody of whom everything is known.
fn more_of_the_house(rsa: &SigningKey) -> Value {
    let signed = |id: &str, alg: &str| {
        json!({"client_id": id, "client_secret": SECRET, "first_party": true, "scope": "openid",
            "redirect_uris": [format!("https://{id}.test/cb")], "id_token_signed_response_alg": alg})
    };
    let mut jwk = serde_json::to_value(rsa.public()).unwrap();
    let members = jwk.as_object_mut().unwrap();
    members.remove("alg");
    members.insert("kid".to_owned(), json!("rsa"));
    let keyed = json!({"client_id": "keyed-rsa", "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [jwk]}, "redirect_uris": ["https://keyed-rsa.test/cb"], "scope": "openid", "first_party": true});
    let claims = json!({
        "given_name": "Full", "family_name": "Person", "middle_name": "M", "nickname": "full",
        "profile": "https://full.example/me", "picture": "https://full.example/me.png",
        "website": "https://full.example", "gender": "female", "birthdate": "1990-01-01", "zoneinfo": "Asia/Shanghai",
        "locale": "zh-CN", "address": {"country": "CN"},
    });
    json!({
        "client": [signed("signs-rs256", "RS256"), signed("signs-es256", "ES256"), keyed],
        "account": [{"alias": "full", "name": "Full Person", "email": FULL.name, "phone": "+8613800000009",
            "password": PASSWORD, "claims": claims}],
    })
}

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap();
    assert!(!list.is_empty());
    list.iter().map(|one| one.as_str().unwrap()).collect()
}

fn path(value: &Value) -> &str {
    value.as_str().unwrap().strip_prefix(ISSUER).expect("below the issuer")
}

impl Proofs {
    async fn endpoint(&self, name: &str, value: &Value) -> bool {
        let token = ("token", self.tokens.access.as_str());
        match name {
            "issuer" => {
                assert_eq!(value, ISSUER);
                assert_eq!(self.tokens.claims()["iss"], *value);
            }
            "authorization_endpoint" => {
                let url = format!("{}?{}", path(value), self.console.request().query());
                self.console.code_from(&self.browser.open(&url).await);
            }
            "token_endpoint" => {
                let code = self.code(&self.console).await;
                assert_eq!(
                    self.console.post(path(value), &exchange(&self.console, &code)).await.status,
                    StatusCode::OK
                );
            }
            "userinfo_endpoint" => {
                assert_eq!(path(value), "/userinfo");
                assert_eq!(
                    self.idp.api().userinfo(&self.tokens.access).await.json()["sub"],
                    self.tokens.claims()["sub"]
                );
            }
            "jwks_uri" => self.id_token_verifies(path(value), self.tokens.id_token.as_deref().unwrap()).await,
            "introspection_endpoint" => {
                let told = self.console.post(path(value), &[token]).await.json();
                assert_eq!(told["active"], json!(true));
            }
            "revocation_endpoint" => {
                let own = self.console.silently(&self.browser, "openid").await;
                let answer = self.console.post(path(value), &[("token", &own.access)]).await;
                assert_eq!(answer.status, StatusCode::OK);
                assert!(!self.idp.api().is_active(&own.access).await);
            }
            "end_session_endpoint" => {
                let browser = self.idp.browser();
                let tokens = self.console.signed_in(&browser, OPS, "openid").await;
                let hint = tokens.id_token.unwrap();
                let query = format!("id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fconsole.test%2Fbye");
                let answer = browser.get(&format!("{}?{query}", path(value))).await;
                assert_eq!(answer.location(), Some("https://console.test/bye"));
            }
            _ => return false,
        }
        true
    }

    /// What is told of a person.
    async fn person(&self, name: &str, value: &Value) -> bool {
        match name {
            "claims_supported" => {
                let wished: serde_json::Map<_, _> =
                    texts(value).iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
                let claims = json!({"id_token": wished, "userinfo": wished}).to_string();
                let request = self.console.request().with("scope", EVERYTHING).with("claims", &claims);
                let browser = self.idp.browser();
                let back = browser.sign_in_for(&request, FULL).await;
                let tokens = self.console.tokens(&self.console.code_from(&back)).await;
                let (told, userinfo) = (tokens.claims(), self.idp.api().userinfo(&tokens.access).await.json());
                let known = |name: &&str| told[*name].is_null() && userinfo[*name].is_null();
                let missing: Vec<_> = texts(value).into_iter().filter(known).collect();
                // Of IAM users alone.
                assert!(missing.iter().all(|name| *name == "preferred_username"), "never told: {missing:?}");
            }
            "claim_types_supported" => assert_eq!(value, &json!(["normal"])),
            "claims_parameter_supported" => {
                assert_eq!(value, &json!(true));
                let request = self.console.request().with("claims", r#"{"id_token":{"phone_number":null}}"#);
                let code = self.console.code_from(&self.browser.open(&request.url()).await);
                assert_eq!(self.console.tokens(&code).await.claims()["phone_number"], "+8613800000001");
            }
            "subject_types_supported" => {
                assert_eq!(value, &json!(["public"]));
                let other = self.idp.client("spa").silently(&self.browser, "openid").await;
                assert_eq!(other.claims()["sub"], self.tokens.claims()["sub"]);
            }
            "id_token_signing_alg_values_supported" => {
                for alg in texts(value) {
                    let client = self.idp.client(&format!("signs-{}", alg.to_lowercase()));
                    let jwt = client.silently(&self.browser, "openid").await.id_token.unwrap();
                    let header = URL_SAFE_NO_PAD.decode(jwt.split('.').next().unwrap()).unwrap();
                    assert_eq!(serde_json::from_slice::<Value>(&header).unwrap()["alg"], alg);
                    self.id_token_verifies("/jwks", &jwt).await;
                }
            }
            _ => return false,
        }
        true
    }

    async fn code(&self, client: &RelyingParty) -> String {
        client.code_from(&self.browser.open(&client.request().url()).await)
    }

    /// Each value works, and one that is not among them is refused.
    async fn each(&self, value: &Value, parameter: &str, other: &str) {
        for one in texts(value) {
            self.console.code_from(&self.browser.open(&self.console.request().with(parameter, one).url()).await);
        }
        assert!(!texts(value).contains(&other));
        self.error(parameter, other).await;
    }

    async fn error(&self, parameter: &str, value: &str) -> String {
        self.browser.get(&self.console.request().with(parameter, value).url()).await.returned_error()
    }

    async fn id_token_verifies(&self, jwks: &str, jwt: &str) {
        use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
        let header = decode_header(jwt).unwrap();
        let keys = self.browser.get(jwks).await.json();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == json!(header.kid)).expect("its key");
        assert_eq!(key["alg"], json!(header.alg));
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key[private].is_null());
        }
        let mut rules = Validation::new(header.alg);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_jwk(&serde_json::from_value(key.clone()).unwrap()).unwrap();
        let read = decode::<Value>(jwt, &key, &rules).expect("a right signature");
        assert_eq!(read.claims, claims_of(jwt));
    }
}

fn exchange<'a>(client: &'a RelyingParty, code: &'a str) -> [(&'a str, &'a str); 4] {
    let uri = client.redirect_uri.as_str();
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", uri), ("code_verifier", VERIFIER)]
}
