//! The plan of the house, enforced: which floor may name which, and who may
//! name the crates of the outside (docs/adr/0010, src/lib.rs).
//!
//! Reads `src/**/*.rs` as text. Comments and unit tests are left out: what a test
//! names does not bind the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the ground up; on one floor, from left to right.
const FLOORS: &[&[&str]] = &[
    &["base"],
    &["protocol"],
    &["domain", "config", "telemetry"],
    &["store", "outbound", "geo", "keys", "connectors", "notify"],
    &["authn", "session", "token", "identity", "flow"],
    &["app"],
    &["web", "jobs", "simulator"],
    &["demo", "cli"],
];

/// A file of ours, without its unit tests.
struct Source {
    /// Below `src/`, as in `web/routes.rs`.
    path: String,
    /// `web` of `web/routes.rs` and of `web.rs`.
    module: String,
    code: String,
    lines: usize,
}

fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn files(directory: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = tree().join("src");
    let mut found = Vec::new();
    files(&root, "rs", &mut found);
    let sources: Vec<_> = found.iter().map(|path| source(&root, path)).collect();
    assert!(sources.len() > 100, "the sources are not where they are looked for");
    sources
}

fn source(root: &Path, file: &Path) -> Source {
    let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let module = path.split(['/', '.']).next().unwrap().to_owned();
    let text = fs::read_to_string(file).unwrap();
    let only_tests = path.ends_with("tests.rs") || path.contains("/tests/");
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let code = text.get(..tests).filter(|_| !only_tests).unwrap_or_default();
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    Source { path, module, code, lines: text.lines().count() }
}

impl Source {
    /// The modules at the top of the crate that this file names.
    fn named(&self) -> BTreeSet<String> {
        let depth = self.path.trim_end_matches("/mod.rs").split('/').count();
        // `super::` as often as the file lies deep is the crate itself.
        let to_the_top = "super::".repeat(depth);
        let own_name = if self.path == "main.rs" { "menshen::" } else { "crate::" };
        [own_name, to_the_top.as_str()]
            .iter()
            .flat_map(|root| self.code.match_indices(root).map(|(at, _)| (at, at + root.len())))
            .filter(|(start, _)| !self.code[..*start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
            .flat_map(|(_, end)| first_names(&self.code[end..]))
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// Is `word` named as a path, as in `word::` or `use word`?
    fn names(&self, word: &str) -> bool {
        self.code.match_indices(word).any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
            !before.is_some_and(part_of_a_word) && !after.is_some_and(part_of_a_word)
        })
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places
            .iter()
            .any(|place| self.module == *place || self.path == *place || self.path.starts_with(&format!("{place}/")))
    }
}

/// `store` of `store::Tx`; `store` and `keys` of `{store::Tx, keys}`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut names, mut item) = (0_usize, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => names.push(word(&std::mem::take(&mut item))),
            _ => {
                depth = if c == '{' { depth + 1 } else { depth - usize::from(c == '}') };
                item.push(c);
            }
        }
    }
    names.push(word(&item));
    names
}

fn place(module: &str) -> Option<(usize, usize)> {
    FLOORS
        .iter()
        .enumerate()
        .find_map(|(floor, modules)| Some((floor, modules.iter().position(|name| *name == module)?)))
}

/// Fails with every file that breaks a rule, not with the first.
fn nobody(rule: &str, breaks: impl Fn(&Source) -> bool) {
    let broken: Vec<_> = sources().into_iter().filter(|source| breaks(source)).map(|source| source.path).collect();
    assert!(broken.is_empty(), "{rule}: {broken:#?}");
}

/// Only files in `places` name `word`.
fn only(places: &[&str], word: &str) {
    nobody(&format!("only {places:?} may name {word}"), |source| !source.is_in(places) && source.names(word));
}

#[test]
fn a_module_names_only_what_lies_below_or_to_its_left() {
    let mut broken = Vec::new();
    for source in sources() {
        if ["lib", "main"].contains(&source.module.as_str()) {
            continue;
        }
        let own = place(&source.module).unwrap_or_else(|| panic!("{} stands on no floor", source.path));
        for name in source.named().iter().filter(|name| **name != source.module) {
            // A name that is no module is an item of the crate's root: there is none.
            let other = place(name);
            if other.is_none_or(|other| other >= own) {
                broken.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn main_hands_over_to_the_command_line() {
    let main = sources().into_iter().find(|source| source.path == "main.rs").unwrap();
    assert_eq!(main.named().into_iter().collect::<Vec<_>>(), ["cli"]);
}

#[test]
fn the_pages_know_nothing_of_the_database() {
    // One name in one file: storage trouble is 503 wherever it comes from (docs/adr/0010).
    nobody("web does not name store", |source| {
        source.module == "web" && source.named().contains("store") && source.path != "web/failure.rs"
    });
    let failure = sources().into_iter().find(|source| source.path == "web/failure.rs").unwrap();
    let names = failure.code.matches("store::").count();
    assert_eq!(names, failure.code.matches("store::StoreError").count(), "only the error");
}

#[test]
fn the_pure_floors_name_no_runtime_no_wire_and_no_database() {
    for word in ["actix_web", "actix", "diesel", "tokio", "reqwest", "oxide_auth"] {
        nobody(&format!("floors 0 to 2 do not name {word}"), |source| {
            place(&source.module).is_some_and(|(floor, _)| floor <= 2) && source.names(word)
        });
    }
}

#[test]
fn each_crate_of_the_outside_has_its_place() {
    for word in ["diesel", "diesel_migrations", "libsqlite3_sys", "pq_sys"] {
        only(&["store"], word);
    }
    for word in ["actix_web", "actix"] {
        only(&["web", "simulator", "demo", "app", "cli"], word);
    }
    // The demo's relying party and the simulated native app are other parties: they call with clients of their own.
    only(&["outbound", "demo", "simulator/phone"], "reqwest");
    only(&["token/oxide.rs", "token/oxide"], "oxide_auth");
    only(&["authn/hashing"], "argon2");
    only(&["web", "demo", "simulator"], "askama");
    only(&["connectors", "simulator"], "md5");
    for word in ["qrcode", "rcgen"] {
        only(&["simulator"], word);
    }
    only(&["cli"], "clap");
    only(&["geo.rs"], "maxminddb");
    only(&["telemetry.rs", "telemetry"], "prometheus");
}

/// A mistake that both sides share would hide itself.
#[test]
fn the_simulated_vendors_share_no_code_with_the_connectors() {
    nobody("simulator does not name connectors", |source| {
        source.module == "simulator" && source.named().contains("connectors")
    });
}

#[test]
fn the_environment_is_read_in_the_configuration_alone() {
    for word in ["std::env", "env::var", "env::vars", "env::var_os"] {
        only(&["config"], word);
    }
}

#[test]
fn time_and_chance_come_in_from_outside() {
    for word in ["SystemTime::now", "now_utc", "rand::fill", "getrandom"] {
        only(&["base"], word);
    }
    // Signing draws its own salt inside the crate that signs.
    only(&["base", "keys/signing.rs", "simulator/keys.rs"], "SystemRandom");
    // Who starts the house chooses; a line of the log and a certificate at the start are of now.
    only(&["base", "app", "cli", "demo", "telemetry/log.rs", "web/tls.rs"], "SystemClock");
    only(&["base", "app", "cli", "demo"], "SystemEntropy");
}

#[test]
fn a_file_is_read_at_one_sitting() {
    // The list of all tables is one list.
    nobody("at most 300 lines", |source| source.lines > 300 && source.path != "store/schema.rs");
}

#[test]
fn nothing_is_silenced_or_left_for_later() {
    for word in ["#[allow", "#![allow", "todo!", "unimplemented!", "dbg!"] {
        nobody(&format!("no {word}"), |source| source.code.contains(word));
    }
}

#[test]
fn no_template_prints_unescaped_or_carries_script_or_style_of_its_own() {
    let mut found = Vec::new();
    files(&tree().join("templates"), "html", &mut found);
    assert!(found.len() > 10);
    for path in found {
        let text = fs::read_to_string(&path).unwrap().replace("| safe", "|safe");
        for word in ["|safe", "<style", "<script>", " style=\"", " onclick", " onsubmit", "javascript:"] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn the_map_of_the_crate_is_the_plan() {
    let map = fs::read_to_string(tree().join("src/lib.rs")).unwrap();
    for module in map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let (floor, _) = place(module).unwrap_or_else(|| panic!("{module} stands on no floor"));
        let row = map.lines().find(|line| line.starts_with(&format!("//! | F{floor} |"))).expect("a row of the map");
        assert!(row.contains(&format!("[`{module}`]")), "{module} is not in the map: {row}");
    }
}

mod reading {
    use super::*;

    #[test]
    fn a_group_of_imports_is_read_as_each_of_them() {
        assert_eq!(first_names("store::Tx;"), ["store"]);
        assert_eq!(first_names("{store::{Tx, Store}, keys::Vault, base}; use x"), ["store", "keys", "base"]);
        assert_eq!(first_names("{store::Tx, keys,}"), ["store", "keys", ""]);
    }

    #[test]
    fn a_name_reached_by_super_counts() {
        let source =
            |path: &str, code: &str| Source { path: path.into(), module: "web".into(), code: code.into(), lines: 1 };
        assert_eq!(source("web/mod.rs", "use super::store::Tx;").named().into_iter().collect::<Vec<_>>(), ["store"]);
        assert!(source("web/pages/mod.rs", "use super::site;").named().is_empty());
        assert!(source("web/a.rs", "use super::super::flow::Flow;").named().contains("flow"));
        assert!(!source("web/a.rs", "subdiesel::x; diesel_x").names("diesel"));
    }
}
