//! Signing in through the pages: the three kinds of people, one sign-in for
//! many clients, and exactly the claims of each kind.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::database::Backend;
use crate::support::house::{ALICE, DEV, LAB, OPS, OTHER_ALICE, Person};
use crate::support::idp::TestIdp;

const ACCOUNT: [&str; 4] = ["principal_type", "account_id", "owner_account_id", "billing_account_id"];

fn account_claims(of: &Value) -> Vec<&str> {
    ACCOUNT.iter().map(|name| of[*name].as_str().unwrap_or_else(|| panic!("no {name} in {of}"))).collect()
}

#[rstest]
#[case::root(OPS, ["root", "104857600000", "104857600000", "104857600000"])]
#[case::sub_account(DEV, ["sub_account", "209715200000", "104857600000", "104857600000"])]
#[case::paying_sub_account(LAB, ["sub_account", "209715200001", "104857600000", "209715200001"])]
#[case::iam_user(ALICE, ["iam_user", "104857600000", "104857600000", "104857600000"])]
#[case::namesake_of_another_account(OTHER_ALICE, ["iam_user", "104857600002", "104857600002", "104857600002"])]
#[actix_web::test]
async fn every_kind_of_person_signs_in_and_is_named_alike_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] person: Person,
    #[case] expected: [&str; 4],
) {
    let idp = TestIdp::start(backend).await;
    let (console, browser, api) = (idp.client("console"), idp.browser(), idp.api());
    let tokens = console.signed_in(&browser, person, "openid account").await;
    let (claims, live) = (tokens.claims(), api.introspect(&tokens.access).await);
    let userinfo = api.userinfo(&tokens.access).await.json();
    let sub = idp.sub_of(person).await;
    for told in [&claims, &live, &userinfo] {
        assert_eq!(account_claims(told), expected);
        assert_eq!(told["sub"], json!(sub));
    }
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["acr"], json!("aal1"));
    assert_eq!(claims["nonce"], json!("n-1"));
    assert_eq!(claims["auth_time"], json!(1_767_225_600));
    assert!(claims["sid"].is_string());
}
