//! The generated pages: what stands in the tree is what the code says.
//! `UPDATE_REFERENCE=1 cargo test --test it reference` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use menshen::authn::{Provider, registry};
use menshen::config::{self, Config, reference};
use menshen::connectors::reference::SECTIONS;
use menshen::protocol::ErrorCode;
use menshen::protocol::claims::{ACCOUNT_CLAIMS, BY_NAME, BY_SCOPE, OF_THE_PROTOCOL, supported};
use menshen::web::pages::{PageError, UpstreamProblem};
use menshen::web::routes;

use crate::decisions::table as decisions;

/// Compares a file of the tree with what the code says, or writes it.
fn is_up_to_date(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is out of date: run `UPDATE_REFERENCE=1 cargo test --test it reference`");
}

/// A table in Markdown.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        writeln!(text, "| {} |", row.join(" | ")).unwrap();
    }
    text
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

const WRITTEN_BY: &str = "Written by `UPDATE_REFERENCE=1 cargo test --test it reference`; do not edit by hand.\n\n";

#[test]
fn the_page_of_configuration_keys_is_up_to_date() {
    is_up_to_date(
        "docs/reference/config.md",
        &reference::markdown(&[config::sections(), registry::sections()].into_iter().flatten().collect::<Vec<_>>()),
    );
}

#[test]
fn the_example_configuration_is_up_to_date_and_says_the_defaults() {
    let example = reference::example_toml(&config::sections());
    is_up_to_date("config/menshen.example.toml", &example);
    let loaded = Config::from_parts(&example, []).unwrap().to_masked_toml();
    assert_eq!(loaded, Config::from_parts("", []).unwrap().to_masked_toml());
}

#[test]
fn every_key_can_be_given_by_the_example_and_by_the_environment() {
    for section in config::sections() {
        for key in section.keys.iter().filter(|key| !key.default.is_empty()) {
            let variable = format!("MENSHEN__{}__{}", section.name, key.name).to_uppercase();
            let value: toml::Table = format!("value = {}", key.default).parse().unwrap();
            let text = match &value["value"] {
                toml::Value::String(text) => text.clone(),
                toml::Value::Array(_) => String::new(),
                other @ (toml::Value::Integer(_)
                | toml::Value::Float(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Table(_)) => other.to_string(),
            };
            assert!(Config::from_parts("", [(variable.clone(), text)]).is_ok(), "{variable}");
        }
    }
}

#[test]
fn the_page_of_vendors_is_up_to_date() {
    let mut page = format!(
        "# Vendors\n\n{WRITTEN_BY}What connectors read of `[login.<method>]`, in the configuration's file or as \
         `MENSHEN__LOGIN__<METHOD>__<KEY>`. Every\nmethod has `enabled` beside these keys. A vendor without \
         credentials is not offered on any page.\n"
    );
    for section in SECTIONS {
        writeln!(page, "\n## `[{}]`\n\n{}\n", section.name, section.about).unwrap();
        let rows = section.keys.iter().flat_map(|keys| keys.iter()).map(|key| {
            let default = if key.default.is_empty() { "–".to_owned() } else { code(key.default) };
            vec![code(key.name), key.kind.to_owned(), default, key.meaning.join(" ")]
        });
        page += &table(&["key", "value", "default", "meaning"], rows);
    }
    is_up_to_date("docs/reference/vendors.md", &page);
}

#[test]
fn the_page_of_routes_is_up_to_date() {
    let rows = routes::TABLE
        .iter()
        .map(|row| vec![code(row.path), row.methods.join(", "), row.guard.as_str().to_owned(), row.about.to_owned()]);
    let table = table(&["path", "methods", "who may call it", "what it is"], rows);
    let about = "Every route of the main listener, with what it demands of its caller. A form token is bound to one\n\
                 interaction or one browser and comes with each form that changes something. `/healthz` and `/readyz`\n\
                 answer on the same listener, `/metrics` on its own.\n\n";
    is_up_to_date("docs/reference/routes.md", &format!("# Routes\n\n{WRITTEN_BY}{about}{table}"));
}

#[test]
fn the_page_of_error_codes_is_up_to_date() {
    let wire = ErrorCode::ALL
        .iter()
        .map(|error| vec![code(error.as_str()), error.status().to_string(), error.meaning().to_owned()]);
    let form = |file, name| coded(file, name).into_iter().map(|(word, meaning)| vec![code(&word), meaning]);
    let page = format!(
        "# Error codes\n\n{WRITTEN_BY}## To clients\n\nThe `error` member of a JSON answer, a redirect or a `WWW-Authenticate` \
         challenge. The status is that of a\nJSON or Bearer answer; a redirect is always 303.\n\n{}\n\
         ## On a form\n\nThe same page again, with `#error[data-code]`: 401 for a wrong proof, 422 for wrong input, 429 and 503 \
         with\n`Retry-After`.\n\n{}\nWhat went wrong at a vendor, or with its identity: 200 when the person said no, 409 for a conflict.\n\n{}\n\
         ## On a page of its own\n\nThe request ends there.\n\n{}",
        table(&["code", "status", "meaning"], wire),
        table(&["code", "meaning"], form("src/web/pages/problem.rs", "PageError")),
        table(&["code", "meaning"], coded_of_vendors().into_iter().map(|(word, meaning)| vec![code(&word), meaning])),
        table(&["code", "meaning"], form("src/web/pages/failure.rs", "Failing")),
    );
    is_up_to_date("docs/reference/errors.md", &page);
}

#[test]
fn the_page_of_claims_is_up_to_date() {
    let by_scope = BY_SCOPE.into_iter().map(|(scope, claims)| {
        vec![code(scope), claims.iter().map(|claim| code(claim)).collect::<Vec<_>>().join(", ")]
    });
    let list = |claims: &[&str]| claims.iter().map(|claim| code(claim)).collect::<Vec<_>>().join(", ");
    let page = format!(
        "# Claims\n\n{WRITTEN_BY}## By scope\n\nWhat the userinfo endpoint tells. A claim that is not known of the person is \
         left out. An ID token holds them only\nwhen they were asked for by name (`claims`, OIDC Core §5.5).\n\n{}\n\
         ## Of the account\n\n{}: with the scope `account` in ID tokens, `at+jwt` access tokens, userinfo and introspection\nalike.\n\n\
         ## Of the protocol\n\n{}: in ID tokens.\n\n\
         ## By name alone\n\n{}: an opaque name of the person for `login_hint` and `logout_hint`, in ID tokens and userinfo\nwhen the \
         `claims` parameter asks for it.\n",
        table(&["scope", "claims"], by_scope),
        list(&ACCOUNT_CLAIMS),
        list(&OF_THE_PROTOCOL),
        list(&BY_NAME),
    );
    assert!(supported().all(|claim| page.contains(&code(claim))));
    is_up_to_date("docs/reference/claims.md", &page);
}

#[test]
fn the_page_of_decisions_is_up_to_date() {
    let row = |[accounts, request, outcome]: &[&str; 3]| {
        let shown = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
        vec![shown(accounts), shown(request), outcome.to_string()]
    };
    let parts = decisions::PARTS.iter().map(|(title, rows)| {
        format!("## {title}\n\n{}", table(&["accounts of the browser", "request", "what comes"], rows.iter().map(row)))
    });
    let about = "What the authorization endpoint does next. Each row is a test; what holds in every combination is tested\n\
        besides. `A` is a main account, `B` a sub-account and `C` an IAM user of the same owner (alias `acme`), `D` another\n\
        main account (alias `globex`); last used first. `A~` is locked (its session expired), `A-` is remembered and signed\n\
        out, `A!` belongs to an owner that is stopped. Everybody proved themselves ten minutes ago and was used six minutes\n\
        ago.\n\n\
        *last got A*: the account that this client got last in this browser. *chosen A*: picked in this interaction; *proved\n\
        A*: signed in within it. *login_hint=A B*: the hint fits these accounts. *client takes the last*:\n\
        `account_affinity = \"last_used\"`; *client confirms*: `always_confirm_account`; *client takes …*:\n\
        `allowed_principal_types`, `allowed_owner_accounts`; *client takes by …*: `allowed_login_methods` (everybody here\n\
        signed in by password). *sid=A*: a sign-in of this browser. What the owner of `A`, `B` and `C` asks of them: *owner\n\
        takes by …*, `login_methods`; *owner asks after 6* (minutes without use), `reauth_idle_minutes`; *owner asks the root*,\n\
        `reauth_root`; *owner minds change*, `reauth_on_change`, where *from elsewhere* is a request from another kind of\n\
        browser, or another country, than the last proofs. Outcomes: *code* goes back to the client, *choose* is the chooser\n\
        (its first entry has the focus), *login: A* asks that account for a proof, *mismatch* says that the client wants\n\
        somebody else and then returns `login_required`; anything else is a page of that name or the error that the client\n\
        gets.\n\n";
    let parts: Vec<_> = parts.collect();
    is_up_to_date("docs/reference/decisions.md", &format!("# Decisions\n\n{WRITTEN_BY}{about}{}", parts.join("\n")));
}

/// The codes of an enum with the first lines of its variants' documentation,
/// in the order of the source: what the developers read is what stands in the page.
fn coded(file: &str, name: &str) -> Vec<(String, String)> {
    let (documented, rest) = documented(file, name);
    // What went wrong at a vendor has a table of its own.
    let own = documented.into_iter().filter(|(variant, _)| variant != "Upstream");
    own.map(|(variant, meaning)| (code_of(&rest, &variant), meaning)).collect()
}

/// In the order of the enum.
const VENDORS_PROBLEMS: [UpstreamProblem; 7] = [
    UpstreamProblem::Cancelled,
    UpstreamProblem::Expired,
    UpstreamProblem::Unavailable,
    UpstreamProblem::Conflict,
    UpstreamProblem::Taken,
    UpstreamProblem::HasAnother,
    UpstreamProblem::BindExpired,
];

/// The codes of a vendor's identity, for every vendor.
fn coded_of_vendors() -> Vec<(String, String)> {
    let (documented, _) = documented("src/web/pages/upstream.rs", "UpstreamProblem");
    let mut rows = Vec::new();
    for ((_, meaning), problem) in documented.into_iter().zip(VENDORS_PROBLEMS) {
        for provider in [Provider::WeChat, Provider::Alipay] {
            let code = PageError::Upstream(problem, provider).code().to_owned();
            if rows.iter().all(|(known, _)| *known != code) {
                rows.push((code, meaning.clone()));
            }
        }
    }
    rows
}

/// The variants of an enum with their first lines of documentation, and what
/// follows it in its file.
fn documented(file: &str, name: &str) -> (Vec<(String, String)>, String) {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).expect("the enum");
    let (body, rest) = body.split_once("\n}\n").expect("its end");
    let mut documented = Vec::new();
    let mut meaning = String::new();
    // Variants stand four columns in; what they carry stands deeper.
    for line in body.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| !line.starts_with([' ', '}'])) {
        match line.strip_prefix("/// ") {
            Some(text) => format!("{meaning} {text}").trim_start().clone_into(&mut meaning),
            None => documented.push((
                line.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned(),
                std::mem::take(&mut meaning),
            )),
        }
    }
    (documented, rest.to_owned())
}

/// The code of a variant, from the arm that maps it.
fn code_of(source: &str, variant: &str) -> String {
    let word = |line: &str| {
        let (pattern, value) = line.trim().split_once(" => \"")?;
        let named = pattern.strip_prefix("Self::")?.split(|c: char| !c.is_alphanumeric()).next()?;
        (named == variant).then(|| value.trim_end_matches("\",").to_owned())
    };
    source.lines().find_map(word).expect("a code for each variant")
}
