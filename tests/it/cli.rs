//! The command line as scripts see it: exit codes, one line on standard error,
//! JSON on standard output.

use std::fs;
use std::process::{Command, Output};

use menshen::base::TokenHash;
use menshen::base::id::PrincipalId;
use menshen::store::bindings::{self, BindingKey, NewBinding};
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::database::{Backend, TestDatabase};
use crate::support::mmdb;

/// One installation: a database and a key of its own.
struct Installation {
    database: TestDatabase,
    folder: TempDir,
}

impl Installation {
    fn on(backend: Backend) -> Self {
        Self { database: TestDatabase::empty(backend), folder: tempfile::tempdir().unwrap() }
    }

    fn menshen(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_menshen"));
        command.args(line.split_whitespace()).current_dir(self.folder.path());
        command.env("MENSHEN__DATABASE__URL", self.database.url()).env("MENSHEN__KEYS__KEK_FILE", "kek");
        command.output().unwrap()
    }

    fn json(&self, line: &str) -> Value {
        let output = self.menshen(&format!("{line} --json"));
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The one line on standard error, after the exit code was as expected.
    fn refused(&self, line: &str, code: i32) -> String {
        let output = self.menshen(line);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {told}");
        assert!(told.ends_with('\n') && told.trim_end().lines().count() == 1, "{told}");
        told.trim_end().to_owned()
    }
}

#[test]
fn a_wrong_configuration_is_one_line_and_exit_1_for_every_command() {
    let here = Installation::on(Backend::Sqlite);
    fs::write(here.folder.path().join("wrong.toml"), "[server]\nlisen = \"127.0.0.1:1\"").unwrap();
    for command in ["config check", "config show", "migrate", "doctor", "keys list", "account list"] {
        assert_eq!(here.refused(&format!("{command} --config wrong.toml"), 1), "server.lisen: no such key");
    }
    assert_eq!(here.refused("config check --config none.toml", 1), "none.toml: cannot be read: entity not found");
    fs::write(here.folder.path().join("method.toml"), "[login.telepathy]\nenabled = true").unwrap();
    assert_eq!(here.refused("config check --config method.toml", 1), "login.telepathy: no such login method");
    assert!(!here.folder.path().join("kek").exists(), "nothing was made");
}

#[test]
fn a_wrong_line_is_exit_2() {
    let here = Installation::on(Backend::Sqlite);
    assert!(here.refused("fly", 2).starts_with("unrecognized subcommand 'fly'"));
    assert!(here.refused("account show", 2).contains("<WHO>"));
}

#[test]
fn a_database_that_cannot_be_had_is_one_line_and_exit_1() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menshen"));
    command.arg("migrate").env("MENSHEN__DATABASE__URL", "postgres://u:hunter2-canary@127.0.0.1:1/x");
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && told.starts_with("database: ") && told.lines().count() == 1, "{told}");
    assert!(!told.contains("canary"), "{told}");
}

#[rstest]
fn a_schema_is_brought_up_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let here = Installation::on(backend);
    assert_ne!(here.json("migrate")["applied"], serde_json::json!([]));
    assert_eq!(here.json("migrate")["applied"], serde_json::json!([]));
}

#[rstest]
fn a_rotation_moves_the_keys_on(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let here = Installation::on(backend);
    here.json("keys rotate");
    let states = |keys: &Value, state: &str| {
        let of_state = keys.as_array().unwrap().iter().filter(|key| key["state"] == state);
        of_state.map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = here.json("keys list");
    here.json("keys rotate");
    let after = here.json("keys list");
    assert_eq!(states(&after, "active"), states(&before, "next"));
    assert_eq!(states(&after, "retired"), states(&before, "active"));
    assert_eq!(states(&after, "next").len(), 2);
    let doctor = here.menshen("doctor --json");
    let findings: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let keys = findings.as_array().unwrap().iter().find(|finding| finding["what"] == "signing keys").unwrap();
    assert_eq!(keys["ok"], true, "{findings}");
}

#[test]
fn the_doctor_changes_nothing() {
    let here = Installation::on(Backend::Sqlite);
    here.menshen("doctor");
    assert!(fs::read_dir(here.folder.path()).unwrap().next().is_none());
}

#[test]
fn somebody_whom_nobody_knows_is_named_in_the_refusal() {
    let here = Installation::on(Backend::Sqlite);
    for who in ["ops@acme.example", "alice@acme", "acme", "104857600000", "p_x"] {
        let told = here.refused(&format!("account disable {who}"), 1);
        assert!(told.starts_with(&format!("{who}: nobody is called that")), "{told}");
    }
}

#[rstest]
fn a_file_is_applied_once_and_shown_without_its_secrets(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let here = Installation::on(backend);
    fs::write(here.folder.path().join("acme.toml"), include_str!("identity/acme.toml")).unwrap();
    let output = String::from_utf8(here.menshen("apply acme.toml").stdout).unwrap();
    assert!(output.starts_with("created account acme (104857600000)\ncreated sub_account dev"), "{output}");
    assert_eq!(here.menshen("apply acme.toml").stdout, b"nothing changed\n");
    assert_eq!(here.json("apply acme.toml")["changes"], serde_json::json!([]));
    let wrong = include_str!("identity/acme.toml").replace("8082/callback", "8082/#x");
    fs::write(here.folder.path().join("wrong.toml"), wrong).unwrap();
    assert!(here.refused("apply wrong.toml", 1).starts_with("wrong.toml: client[0].redirect_uris: "));
    assert!(here.refused("apply none.toml", 1).starts_with("none.toml: "));
    let account = here.json("account show alice@acme");
    assert_eq!((&account["kind"], &account["login"]), (&"iam_user".into(), &"alice@acme".into()));
    let account = here.json("account show acme");
    assert_eq!(account["contacts"][0]["masked"], "o***s@acme.example");
    assert_eq!(here.json("account list --limit 1")["next"], "104857600000");
    assert_eq!(here.json("account list")["accounts"].as_array().unwrap().len(), 2);
    let shown = here.json("client show console").to_string() + &here.json("client list").to_string();
    assert!(!shown.contains("thirty-two") && !shown.contains("hash"), "{shown}");
}

#[test]
fn a_secret_and_a_password_are_shown_once() {
    let here = Installation::on(Backend::Sqlite);
    let line = "client create billing --redirect-uri https://rp.example/callback --scope openid --first-party";
    let made = here.json(line);
    assert!(made["client_secret"].as_str().unwrap().starts_with("mcs_"), "{made}");
    assert_eq!(made["redirect_uris"], serde_json::json!(["https://rp.example/callback"]));
    assert_eq!(here.refused(line, 1), "client: the client_id is taken");
    assert_eq!(
        here.refused("client create --redirect-uri https://rp.example/#x", 1).split(' ').next(),
        Some("redirect_uris:")
    );
    let rotated = here.json("client rotate-secret billing");
    assert_ne!(rotated["client_secret"], made["client_secret"]);
    assert!(rotated["previous_secret_until"].is_string(), "{rotated}");
    assert_eq!(here.json("client disable billing")["changed"], true);
    assert_eq!(here.json("client disable billing")["changed"], false);
    assert_eq!(here.json("client show billing")["status"], "disabled");
    assert!(here.refused("client show nobody", 1).starts_with("nobody: "));
    fs::write(here.folder.path().join("acme.toml"), include_str!("identity/acme.toml")).unwrap();
    here.json("apply acme.toml");
    let reset = here.json("account reset-password alice@acme");
    assert_eq!((reset["password"].as_str().unwrap().len(), &reset["must_change_password"]), (27, &true.into()));
    assert_eq!(here.json("account suspend acme")["changed"], true);
    assert_eq!(here.refused("account enable acme", 1), "acme: the account is suspended: resume it");
    assert_eq!(here.json("account resume acme")["changed"], true);
}

#[rstest]
fn what_is_bound_is_listed_and_taken_away(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let here = Installation::on(backend);
    fs::write(here.folder.path().join("acme.toml"), include_str!("identity/acme.toml")).unwrap();
    here.json("apply acme.toml");
    assert_eq!(here.json("account bindings acme")["bindings"], serde_json::json!([]));
    let root = PrincipalId::from_text(here.json("account show acme")["id"].as_str().unwrap());
    let store = here.database.open();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bound = store.write(move |tx| {
        let keys = [BindingKey { hash: TokenHash::new([7; 32]), kind: "unionid".to_owned() }];
        bindings::insert(tx, &NewBinding { principal: &root, connector: "wechat", name: None, keys: &keys })
    });
    let id = runtime.block_on(bound).unwrap();
    drop(store);
    let listed = here.json("account bindings acme");
    let one = &listed["bindings"][0];
    assert_eq!((&one["id"], &one["method"], &one["last_used"]), (&id.into(), &"wechat".into(), &Value::Null));
    assert!(one["since"].as_str().unwrap().starts_with("2026-"), "{one}");
    let told = here.refused(&format!("account unbind alice@acme {id}"), 1);
    assert_eq!(told, "alice@acme: has no such binding: `menshen account bindings` lists them");
    assert_eq!(here.json(&format!("account unbind acme {id}"))["method"], "wechat");
    assert!(here.refused(&format!("account unbind acme {id}"), 1).starts_with("acme: has no such binding"));
    assert_eq!(here.menshen("account bindings acme").stdout, b"nothing is bound\n");
    assert!(here.refused("account unbind acme wechat", 2).contains("wechat"));
    assert!(here.refused("account bindings nobody@acme.example", 1).starts_with("nobody@acme.example: nobody"));
}

#[rstest]
fn an_owner_allows_its_users_so_many_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let here = Installation::on(backend);
    fs::write(here.folder.path().join("acme.toml"), include_str!("identity/acme.toml")).unwrap();
    here.json("apply acme.toml");
    assert_eq!(here.json("account show acme")["iam_long_lived_days"], 0);
    assert_eq!(here.json("account long-lived acme 45")["changed"], true);
    assert_eq!(here.json("account long-lived acme 45")["changed"], false);
    assert_eq!(here.json("account show acme")["iam_long_lived_days"], 45);
    assert!(here.json("account show alice@acme")["iam_long_lived_days"].is_null());
    let told = here.refused("account long-lived alice@acme 3", 1);
    assert_eq!(told, "alice@acme: only a main account sets rules for its people");
    assert!(here.refused("account long-lived acme 91", 2).contains("91"));
}

#[rstest]
fn an_owner_has_its_people_prove_themselves_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let here = Installation::on(backend);
    fs::write(here.folder.path().join("acme.toml"), include_str!("identity/acme.toml")).unwrap();
    here.json("apply acme.toml");
    let reauth = |idle: u16, root: bool, change: bool| serde_json::json!({"idle_minutes": idle, "root": root, "on_change": change});
    assert_eq!(here.json("account show acme")["reauth"], reauth(0, false, false));
    let set = here.json("account reauth acme --idle 30 --root on");
    assert_eq!((&set["changed"], &set["reauth"]), (&true.into(), &reauth(30, true, false)));
    assert_eq!(here.json("account reauth acme --root on")["changed"], false);
    assert_eq!(here.json("account reauth acme --idle 0 --on-change on")["reauth"], reauth(0, true, true));
    assert_eq!(here.json("account show acme")["reauth"], reauth(0, true, true));
    assert_eq!(here.json("account show acme")["iam_long_lived_days"], 0);
    let told = String::from_utf8(here.menshen("account show acme").stdout).unwrap();
    let line = "proof again    whenever the root account is picked; in another kind of browser or another country";
    assert!(told.contains(line), "{told}");
    assert_eq!(here.json("account reauth acme --root off --on-change off")["reauth"], reauth(0, false, false));
    assert!(here.json("account show alice@acme")["reauth"].is_null());
    let told = here.refused("account reauth alice@acme --root on", 1);
    assert_eq!(told, "alice@acme: only a main account sets rules for its people");
    assert!(here.refused("account reauth nobody --root on", 1).starts_with("nobody: "));
    for idle in ["1", "4", "43201", "-1", "ten"] {
        let told = here.refused(&format!("account reauth acme --idle={idle}"), 2);
        assert!(told.contains("expected 0 or a number from 5 to 43200"), "{idle}: {told}");
    }
    assert!(here.refused("account reauth acme --root yes", 2).contains("yes"));
    here.refused("account reauth acme", 2);
}

/// A file that is no database of countries stops the start, in one line, and the doctor says the same.
#[test]
fn a_wrong_database_of_countries_is_one_line_and_no_start() {
    let here = Installation::on(Backend::Sqlite);
    let file = |name: &str| here.folder.path().join(name);
    fs::write(file("text.mmdb"), "nothing of the kind").unwrap();
    fs::write(file("networks.mmdb"), mmdb::database("GeoLite2-ASN", &[])).unwrap();
    fs::write(file("countries.mmdb"), mmdb::database("DBIP-Country-Lite", &[])).unwrap();
    let finding = |name: &str| {
        let config =
            format!("[server]\nlisten = \"127.0.0.1:0\"\n[metrics]\nenabled = false\n[geo]\ndatabase = \"{name}\"\n");
        fs::write(file("geo.toml"), config).unwrap();
        let findings = here.menshen("doctor --config geo.toml --json").stdout;
        let findings: Value = serde_json::from_slice(&findings).unwrap();
        let found = findings.as_array().unwrap().iter().find(|one| one["what"] == "countries of addresses").unwrap();
        (found["ok"].as_bool().unwrap(), found["detail"].as_str().unwrap().to_owned())
    };
    for (name, reason) in [
        ("none.mmdb", "none.mmdb: entity not found"),
        ("text.mmdb", "text.mmdb: is no database in MaxMind's format"),
        ("networks.mmdb", "networks.mmdb: is a database of kind \"GeoLite2-ASN\", which knows no countries"),
    ] {
        let (ok, detail) = finding(name);
        assert!(!ok && detail.starts_with(reason), "{detail}");
        let told = here.refused("serve --config geo.toml", 1);
        assert!(told.starts_with(&format!("geo.database: {reason}")), "{told}");
    }
    let torn = mmdb::torn(&fs::read(file("countries.mmdb")).unwrap());
    fs::write(file("torn.mmdb"), torn).unwrap();
    let (ok, detail) = finding("torn.mmdb");
    assert!(!ok && detail.starts_with("torn.mmdb: is no database in MaxMind's format"), "{detail}");
    assert_eq!(finding("countries.mmdb"), (true, "DBIP-Country-Lite of 2026-01-01, for `/me/sessions`".to_owned()));
}
