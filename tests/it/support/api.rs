//! An API that is called with access tokens, and asks the provider about them.

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use serde_json::Value;

use super::answer::Answer;
use super::idp::TestIdp;
use super::relying_party::RelyingParty;

pub struct Api {
    idp: TestIdp,
    client: RelyingParty,
}

impl Api {
    pub fn new(idp: TestIdp) -> Self {
        let client = RelyingParty::new(idp.clone(), "billing-api");
        Self { idp, client }
    }

    /// What the API learns of a token.
    pub async fn introspect(&self, token: &str) -> Value {
        self.introspect_as(&self.client, token).await
    }

    /// What another client learns of a token.
    pub async fn introspect_as(&self, client: &RelyingParty, token: &str) -> Value {
        let answer = client.post("/introspect", &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    pub async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"] == Value::Bool(true)
    }

    pub async fn userinfo(&self, token: &str) -> Answer {
        let request = TestRequest::get()
            .insert_header(("Host", "id.test"))
            .insert_header(("Authorization", format!("Bearer {token}")))
            .peer_addr(self.idp.peer());
        self.idp.send(request, "/userinfo").await
    }
}
