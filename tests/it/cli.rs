//! The command line as scripts see it: exit codes, one line on standard error,
//! JSON on standard output.

use std::fs;
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::database::{Backend, TestDatabase};

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
    let here = Installation::on(Backend::Sqlite);
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
