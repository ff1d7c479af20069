//! The generated pages: what stands in the tree is what the code says.
//! `UPDATE_REFERENCE=1 cargo test --test it reference` writes them anew.

use std::fs;
use std::path::Path;

use menshen::config::{self, Config, reference};

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

#[test]
fn the_page_of_configuration_keys_is_up_to_date() {
    is_up_to_date("docs/reference/config.md", &reference::markdown(&config::sections()));
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
                other => other.to_string(),
            };
            assert!(Config::from_parts("", [(variable.clone(), text)]).is_ok(), "{variable}");
        }
    }
}
