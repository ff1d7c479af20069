//! The demo's clients and its one resource, as TOML of the `apply` document.
//! Read by [`super::data`] alone.

use super::data::{
    API, API_SCOPE, BILLING_API, BILLING_API_SECRET, CLI_TOOL, CONSOLE, CONSOLE_BACK_CHANNEL, CONSOLE_CALLBACK,
    CONSOLE_SECRET, PHONE_APP, PHONE_APP_CALLBACK, REPORT, REPORT_BACK_CHANNEL, REPORT_CALLBACK, REPORT_SECRET,
};

/// Every client and the resource; the console's pages are at `console`.
pub(super) fn document(console: &str) -> String {
    [web(console), native(), resource()].concat()
}

fn web(console: &str) -> String {
    format!(
        r#"
[[client]]
client_id = "{CONSOLE}"
client_secret = "{CONSOLE_SECRET}"
client_name = "云控制台"
client_uri = "{console}/"
redirect_uris = ["{console}{CONSOLE_CALLBACK}"]
post_logout_redirect_uris = ["{console}/"]
initiate_login_uri = "{console}/sign-in"
backchannel_logout_uri = "{console}{CONSOLE_BACK_CHANNEL}"
grant_types = ["authorization_code", "refresh_token"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid profile email phone address account offline_access {API_SCOPE}"
first_party = true
consent = "implicit"
resources = ["{API}"]

[[client]]
client_id = "{REPORT}"
client_secret = "{REPORT_SECRET}"
client_name = "报表工具"
client_uri = "{console}/"
redirect_uris = ["{console}{REPORT_CALLBACK}"]
post_logout_redirect_uris = ["{console}/"]
backchannel_logout_uri = "{console}{REPORT_BACK_CHANNEL}"
grant_types = ["authorization_code"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid profile email account"
consent = "explicit"

[[client]]
client_id = "{BILLING_API}"
client_secret = "{BILLING_API_SECRET}"
client_name = "账单 API"
owner_account = "acme"
grant_types = ["client_credentials"]
token_endpoint_auth_method = "client_secret_basic"
scope = "{API_SCOPE}"
resources = ["{API}"]
"#
    )
}

fn native() -> String {
    format!(
        r#"
[[client]]
client_id = "{CLI_TOOL}"
client_name = "命令行工具"
application_type = "native"
redirect_uris = ["http://127.0.0.1/callback"]
grant_types = ["authorization_code", "refresh_token"]
token_endpoint_auth_method = "none"
scope = "openid profile account offline_access {API_SCOPE}"
consent = "explicit"
resources = ["{API}"]

[[client]]
client_id = "{PHONE_APP}"
client_name = "云控制台 App"
application_type = "native"
redirect_uris = ["{PHONE_APP_CALLBACK}"]
grant_types = ["authorization_code", "refresh_token"]
token_endpoint_auth_method = "none"
scope = "openid profile email phone account offline_access {API_SCOPE}"
first_party = true
consent = "implicit"
resources = ["{API}"]
"#
    )
}

fn resource() -> String {
    format!(
        r#"
[[resource]]
id = "{API}"
scopes = ["{API_SCOPE}"]
introspection_client = "{BILLING_API}"
"#
    )
}
