//! How clients prove themselves, and what they may present.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use menshen::base::Clock;
use menshen::keys::SigningKey;
use serde_json::{Value, json};

use super::{EVERYTHING, Proofs, texts};
use crate::support::answer::Answer;
use crate::support::house::{OPS, PASSWORD, SECRET, client_key};
use crate::support::idp::ISSUER;

impl Proofs {
    /// How clients prove themselves, and what they may present.
    pub async fn client(&self, name: &str, value: &Value) -> bool {
        let path = match name.split("_endpoint").next().unwrap() {
            "introspection" => "/introspect",
            "revocation" => "/revoke",
            _ => "/token",
        };
        if name.ends_with("endpoint_auth_methods_supported") {
            for method in texts(value) {
                self.method_works(method, path).await;
            }
        } else if name.ends_with("endpoint_auth_signing_alg_values_supported") {
            for alg in texts(value) {
                let answer = self.with_assertion(alg, path).await;
                assert!(!is_unproved(&answer), "{alg} at {path}: {}", answer.body);
                let forged = self
                    .post(path, &[("client_assertion_type", ASSERTION), ("client_assertion", "e30.e30.AAAA")])
                    .await;
                assert!(is_unproved(&forged), "{}", forged.body);
            }
        } else if name == "grant_types_supported" {
            for grant_type in texts(value) {
                self.grant_works(grant_type).await;
            }
            let refused =
                self.console.token(&[("grant_type", "password"), ("username", OPS.name), ("password", PASSWORD)]).await;
            assert_eq!(refused.json()["error"], "unsupported_grant_type");
        } else {
            return false;
        }
        true
    }

    async fn grant_works(&self, grant_type: &str) {
        let answer = match grant_type {
            "authorization_code" => self.console.exchange(&self.code(&self.console).await).await,
            "refresh_token" => {
                let fresh = self.console.silently(&self.browser, EVERYTHING).await;
                self.console.refresh(&fresh.refresh.unwrap()).await
            }
            "client_credentials" => self.idp.client("machine").token(&[("grant_type", grant_type)]).await,
            other => panic!("{other} without proof"),
        };
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }

    async fn method_works(&self, method: &str, path: &str) {
        let fields = [("grant_type", "authorization_code"), ("code", "x"), ("token", "x"), ("redirect_uri", "x")];
        let (right, wrong) = match method {
            "client_secret_basic" => (
                self.console.post(path, &fields).await,
                // Registered for Basic, sent in the body.
                self.post(path, &[&fields[..], &[("client_id", "console"), ("client_secret", SECRET)]].concat()).await,
            ),
            "client_secret_post" => (
                self.idp.client("legacy").post(path, &fields).await,
                self.post(path, &[&fields[..], &[("client_id", "legacy"), ("client_secret", "wrong")]].concat()).await,
            ),
            "none" => (
                self.idp.client("spa").post(path, &fields).await,
                self.post(path, &[&fields[..], &[("client_id", "console")]].concat()).await,
            ),
            "private_key_jwt" => (
                self.with_assertion("ES256", path).await,
                self.post(path, &[&fields[..], &[("client_id", "keyed")]].concat()).await,
            ),
            other => panic!("{other} without proof"),
        };
        assert!(!is_unproved(&right), "{method} at {path}: {}", right.body);
        assert!(is_unproved(&wrong), "{method} at {path}: {}", wrong.body);
    }

    async fn with_assertion(&self, alg: &str, path: &str) -> Answer {
        let (client, kid, key) = match alg {
            "ES256" => ("keyed", "one", client_key()),
            _ => ("keyed-rsa", "rsa", &self.rsa),
        };
        let now = self.idp.clock().now().seconds();
        // No address is given out twice.
        let jti = self.idp.peer().to_string();
        let claims = json!({"iss": client, "sub": client, "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60});
        let assertion = signed(alg, kid, key, &claims);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("redirect_uri", "x"),
            ("token", "x"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", assertion.as_str()),
        ];
        self.post(path, &fields).await
    }

    /// A post of a client that shows nothing but these fields.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = TestRequest::post().insert_header(("Host", "id.test"));
        self.idp.send(request.peer_addr(self.idp.peer()).set_form(fields), path).await
    }
}

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn is_unproved(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED || answer.body.contains("invalid_client")
}

/// A JWT as a client makes it, by another way than the provider's own.
fn signed(alg: &str, kid: &str, key: &SigningKey, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": alg, "kid": kid, "typ": "JWT"})), part(claims));
    let (pkcs8, random) = (key.to_pkcs8().unwrap(), SystemRandom::new());
    let signature = if alg == "ES256" {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose()).unwrap();
        pair.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec()
    } else {
        let pair = RsaKeyPair::from_pkcs8(pkcs8.expose()).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        let padding: &dyn RsaEncoding = if alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        pair.sign(padding, &random, signed.as_bytes(), &mut signature).unwrap();
        signature
    };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
