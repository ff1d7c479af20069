//! What an authorization request may say.

use serde_json::{Value, json};

use super::{Proofs, texts};

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
            _ => return false,
        }
        true
    }
}
