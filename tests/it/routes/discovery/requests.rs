//! What an authorization request may say.

use menshen::base::Clock;
use menshen::session::{LOGOUT_NOTICE, LogoutNotice};
use menshen::store::outbox;
use serde_json::{Value, json};

use super::{Proofs, texts};
use crate::support::house::{OPS, SECRET};

impl Proofs {
    /// What an authorization request may say.
    pub async fn request(&self, name: &str, value: &Value) -> bool {
        match name {
            "scopes_supported" => {
                let tokens = self.console.silently(&self.browser, &texts(value).join(" ")).await;
                assert!(texts(value).iter().all(|scope| tokens.scope.split(' ').any(|one| one == *scope)));
                assert_eq!(self.error("scope", "openid unheard-of").await, "invalid_scope");
            }
            "response_types_supported" => self.each(value, "response_type", "token").await,
            "response_modes_supported" => self.each(value, "response_mode", "fragment").await,
            "code_challenge_methods_supported" => self.each(value, "code_challenge_method", "plain").await,
            "display_values_supported" => {
                for display in texts(value) {
                    let request = self.console.request().with("display", display);
                    assert!(self.idp.browser().open(&request.url()).await.has("#password"));
                }
            }
            "prompt_values_supported" => {
                for prompt in texts(value) {
                    let answer = self.browser.open(&self.console.request().with("prompt", prompt).url()).await;
                    match prompt {
                        "none" | "consent" => drop(self.console.code_from(&answer)),
                        "login" => assert!(answer.has("#password")),
                        "select_account" => assert!(answer.has("button[name=account]")),
                        "create" => assert!(answer.has("#phone"), "{}", answer.body),
                        other => panic!("{other} without proof"),
                    }
                }
                let closed = self.idp.another_node(&[("signup.enabled", "false")]).await;
                let answer = closed.browser().get("/.well-known/openid-configuration").await.json();
                assert!(!texts(&answer[name]).contains(&"create"));
                let request = self.console.request().with("prompt", "create");
                assert_eq!(closed.browser().get(&request.url()).await.returned_error(), "invalid_request");
            }
            "ui_locales_supported" => {
                for locale in texts(value) {
                    let request = self.console.request().with("ui_locales", locale);
                    let page = self.idp.browser().open(&request.url()).await;
                    assert_eq!(page.attribute("html", "lang").as_deref(), Some(locale));
                }
            }
            _ => return self.outcome(name, value).await,
        }
        true
    }

    /// What comes of a request.
    async fn outcome(&self, name: &str, value: &Value) -> bool {
        match name {
            "acr_values_supported" => {
                for acr in texts(value) {
                    let claims = json!({"id_token": {"acr": {"essential": true, "value": acr}}});
                    let request = self.console.request().with("claims", &claims.to_string());
                    let code = self.console.code_from(&self.browser.open(&request.url()).await);
                    assert_eq!(self.console.tokens(&code).await.claims()["acr"], acr);
                }
                let beyond = r#"{"id_token":{"acr":{"essential":true,"value":"aal9"}}}"#;
                assert_eq!(self.error("claims", beyond).await, "unmet_authentication_requirements");
            }
            "request_parameter_supported" => {
                assert_eq!(
                    (value, self.error("request", "e30.e30.").await.as_str()),
                    (&json!(false), "request_not_supported")
                );
            }
            "request_uri_parameter_supported" => {
                let error = self.error("request_uri", "https://console.test/r").await;
                assert_eq!((value, error.as_str()), (&json!(false), "request_uri_not_supported"));
            }
            "authorization_response_iss_parameter_supported" => {
                assert_eq!(value, &json!(true));
                self.console.code_from(&self.browser.open(&self.console.request().url()).await);
            }
            "backchannel_logout_supported"
            | "backchannel_logout_session_supported"
            | "frontchannel_logout_supported"
            | "frontchannel_logout_session_supported" => {
                assert_eq!(value, &json!(true));
                self.clients_hear_of_a_sign_out().await;
            }
            _ => return false,
        }
        true
    }

    /// By the outbox and by a frame, each with the `sid` that it knows.
    async fn clients_hear_of_a_sign_out(&self) {
        let hears = json!({"client_id": "hears", "client_secret": SECRET, "first_party": true,
            "redirect_uris": ["https://hears.test/cb"], "backchannel_logout_uri": "https://hears.test/back",
            "frontchannel_logout_uri": "https://hears.test/front", "scope": "openid"});
        self.idp.apply(&json!({"client": [hears]})).await;
        let (browser, client) = (self.idp.browser(), self.idp.client("hears"));
        let tokens = client.signed_in(&browser, OPS, "openid").await;
        let sid = tokens.claims()["sid"].as_str().unwrap().to_owned();
        let page = browser.get(&format!("/logout?id_token_hint={}", tokens.id_token.unwrap())).await;
        assert!(page.attribute("iframe", "src").unwrap().contains(&format!("sid={sid}")));
        let until = self.idp.clock().now() + std::time::Duration::from_secs(1);
        let told = self.idp.write(move |tx| outbox::claim(tx, &[LOGOUT_NOTICE], until, 100)).await;
        assert!(told.iter().any(|row| LogoutNotice::read(&row.payload).unwrap().sid.as_str() == sid));
    }
}
