//! The demo's people and clients, as an `apply` document.
//!
//! Passwords and secrets stand here in the open: they are worth nothing
//! outside of a demo, which listens on localhost alone.

use super::addresses::Addresses;
use super::clients;
use crate::domain::PrincipalKind;
use crate::protocol::params::percent_encode;

/// Everybody's password.
pub const PASSWORD: &str = "open-the-red-gate-1";
/// The example API, as tokens name it.
pub const API: &str = "https://api.acme.example";
/// What a token must allow to be taken there.
pub const API_SCOPE: &str = "ecs:read";
/// Client of the example relying party.
pub const CONSOLE: &str = "console";
/// Its secret.
pub const CONSOLE_SECRET: &str = "demo-secret-of-console-worth-nothing-elsewhere";
/// Where its answers go.
pub const CONSOLE_CALLBACK: &str = "/callback";
/// Where it hears that a sign-in is over.
pub const CONSOLE_BACK_CHANNEL: &str = "/back-channel-logout";
/// The third-party client.
pub const REPORT: &str = "report-tool";
/// Its secret.
pub const REPORT_SECRET: &str = "demo-secret-of-report-tool-worth-nothing-elsewhere";
/// Where its answers go.
pub const REPORT_CALLBACK: &str = "/report/callback";
/// Where it hears that a sign-in is over.
pub const REPORT_BACK_CHANNEL: &str = "/report/back-channel-logout";
/// Client of the example API: it introspects, and may call itself.
pub const BILLING_API: &str = "billing-api";
/// Its secret.
pub const BILLING_API_SECRET: &str = "demo-secret-of-billing-api-worth-nothing-elsewhere";
/// A native client without a secret.
pub const CLI_TOOL: &str = "cli-tool";
/// The app on the simulated phone: ours, native, without a secret.
pub const PHONE_APP: &str = "phone-app";
/// Where its answers go.
pub const PHONE_APP_CALLBACK: &str = "com.example.console:/callback";
/// The account to which the WeChat of 小红 is bound.
pub const GLOBEX: &str = "root@globex.example";

/// Somebody to sign in as.
#[derive(Clone, Copy, Debug)]
pub struct DemoPerson {
    /// Root, sub-account or IAM user.
    pub kind: PrincipalKind,
    /// For people's eyes.
    pub name: &'static str,
    /// What is typed to sign in.
    pub login: &'static str,
    /// A phone number that works too.
    pub phone: Option<&'static str>,
    /// Switched off: cannot sign in.
    pub disabled: bool,
    /// What is special.
    pub remark: &'static str,
}

const fn person(kind: PrincipalKind, name: &'static str, login: &'static str, remark: &'static str) -> DemoPerson {
    DemoPerson { kind, name, login, phone: None, disabled: false, remark }
}

const fn with_phone(phone: &'static str, person: DemoPerson) -> DemoPerson {
    DemoPerson { phone: Some(phone), ..person }
}

/// Everybody, in the order they are shown.
pub const PEOPLE: [DemoPerson; 9] = [
    with_phone("+8613800000001", person(PrincipalKind::Root, "Acme 运维", "ops@acme.example", "alias acme")),
    with_phone("+8613800000001", person(PrincipalKind::Root, "个人项目", "me@acme.example", "the same phone")),
    person(PrincipalKind::SubAccount, "Acme 开发", "dev@acme.example", "under Acme, which pays"),
    person(PrincipalKind::SubAccount, "Acme 实验室", "lab@acme.example", "under Acme, pays for itself"),
    person(PrincipalKind::IamUser, "Alice", "alice@acme", "in Acme"),
    person(PrincipalKind::IamUser, "Bob", "bob@acme", "in Acme"),
    DemoPerson { disabled: true, ..person(PrincipalKind::IamUser, "Carol", "carol@acme", "in Acme, disabled") },
    with_phone("+8613800000002", person(PrincipalKind::Root, "Globex", GLOBEX, "alias globex")),
    person(PrincipalKind::IamUser, "Alice", "alice@globex", "in Globex"),
];

impl DemoPerson {
    /// One character for the round mark beside the name.
    #[must_use]
    pub fn initial(&self) -> String {
        self.name.chars().take(1).collect()
    }

    /// The login name as it stands in a query.
    #[must_use]
    pub fn login_in_query(&self) -> String {
        let mut encoded = String::new();
        percent_encode(self.login, &mut encoded);
        encoded
    }
}

/// The `apply` document of the demo at these addresses.
#[must_use]
pub fn document(addresses: &Addresses) -> String {
    let Addresses { console, .. } = addresses;
    format!("{PEOPLE_TOML}{}", clients::document(console)).replace("@PASSWORD@", PASSWORD)
}

const PEOPLE_TOML: &str = r#"
allow_weak_passwords = true

[[account]]
id = "104857600000"
alias = "acme"
name = "Acme 运维"
email = "ops@acme.example"
phone = "+8613800000001"
password = "@PASSWORD@"

[account.claims]
given_name = "小门"
family_name = "王"
nickname = "门门"
gender = "female"
birthdate = "1990-01-01"
zoneinfo = "Asia/Shanghai"
locale = "zh-CN"
website = "https://acme.example/"
address = { country = "CN", region = "北京", locality = "北京", street_address = "大门路 1 号", postal_code = "100000" }

[[account.sub_account]]
id = "209715200000"
name = "Acme 开发"
email = "dev@acme.example"
password = "@PASSWORD@"

[[account.sub_account]]
id = "209715200001"
name = "Acme 实验室"
email = "lab@acme.example"
password = "@PASSWORD@"
independent_billing = true

[[account.iam_user]]
username = "alice"
name = "Alice"
password = "@PASSWORD@"

[[account.iam_user]]
username = "bob"
name = "Bob"
password = "@PASSWORD@"

[[account.iam_user]]
username = "carol"
name = "Carol"
password = "@PASSWORD@"
status = "disabled"

[[account]]
id = "104857600001"
name = "个人项目"
email = "me@acme.example"
phone = "+8613800000001"
password = "@PASSWORD@"

[[account]]
id = "104857600002"
alias = "globex"
name = "Globex"
email = "root@globex.example"
phone = "+8613800000002"
password = "@PASSWORD@"

[[account.iam_user]]
username = "alice"
name = "Alice"
password = "@PASSWORD@"
"#;

#[cfg(test)]
mod tests {
    use toml::{Table, Value};

    use super::*;

    fn applied() -> Table {
        document(&Addresses::from_port_base(9080).unwrap()).parse().unwrap()
    }

    /// Every principal of the document as what it signs in with.
    fn logins(document: &Table) -> std::collections::BTreeSet<String> {
        let list = |of: &Value, name: &str| of.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let accounts = list(&Value::Table(document.clone()), "account");
        accounts
            .iter()
            .flat_map(|account| {
                let subs = list(account, "sub_account").into_iter().map(|sub| text(&sub, "email"));
                let users = list(account, "iam_user").into_iter();
                let users = users.map(|user| format!("{}@{}", text(&user, "username"), text(account, "alias")));
                std::iter::once(text(account, "email")).chain(subs).chain(users).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn who_is_shown_is_who_is_declared() {
        let shown = PEOPLE.iter().map(|person| person.login.to_owned());
        assert_eq!(logins(&applied()), shown.collect::<std::collections::BTreeSet<_>>());
    }

    #[test]
    fn addresses_follow_the_ports_and_secrets_are_long_enough() {
        let document = applied();
        let clients = document["client"].as_array().unwrap();
        assert_eq!(clients[0]["redirect_uris"][0].as_str(), Some("http://localhost:9082/callback"));
        for client in clients {
            let secret = client.get("client_secret").and_then(Value::as_str);
            let public = client["token_endpoint_auth_method"].as_str() == Some("none");
            assert!(if public { secret.is_none() } else { secret.unwrap().len() >= 32 }, "{client}");
        }
    }
}
