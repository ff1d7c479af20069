//! `menshen doctor`: looks at everything a server needs, one line each.
//!
//! It changes nothing: what a first start would make is reported as such.

mod vendors;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tokio::runtime::Runtime;
use url::Url;

use super::args::Common;
use super::{CliError, config, output};
use crate::base::{SystemClock, SystemEntropy, Timestamp};
use crate::config::{Config, Outbound as OutboundConfig};
use crate::domain::{KeyState, SigningKeyRecord};
use crate::geo::Countries;
use crate::keys::{SigningKeys, Vault};
use crate::outbound::Outbound;
use crate::store::{Schema, Store, StoreError, StoreOptions, Trouble, migrate, signing_keys};
use crate::web::tls::Certificate;

/// What was looked at and how it stands.
#[derive(Serialize)]
pub(super) struct Finding {
    what: &'static str,
    ok: bool,
    detail: String,
}

impl Finding {
    pub(super) fn new(what: &'static str, found: Result<String, String>) -> Self {
        let (ok, detail) = match found {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        Self { what, ok, detail: detail.split_whitespace().collect::<Vec<_>>().join(" ") }
    }
}

pub(super) fn run(common: &Common) -> Result<(), CliError> {
    let config = config::load(common)?;
    let mut findings = vec![Finding::new("configuration", Ok("in order".to_owned()))];
    findings.extend(certificate(&config));
    findings.extend(countries(&config));
    let (finding, vault) = key_encryption_key(&config);
    findings.push(finding);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::new("runtime", error.kind()))?;
    findings.extend(database(&config, vault.as_ref(), &runtime));
    findings.push(Finding::new("issuer", runtime.block_on(issuer(&config))));
    findings.extend(runtime.block_on(vendors::look(&config)));
    report(common, &findings)
}

fn report(common: &Common, findings: &[Finding]) -> Result<(), CliError> {
    if common.json {
        output::json(&findings);
    } else {
        for finding in findings {
            let mark = if finding.ok { "ok  " } else { "FAIL" };
            output::text(&format!("{mark} {}: {}", finding.what, finding.detail));
        }
    }
    match findings.iter().filter(|finding| !finding.ok).count() {
        0 => Ok(()),
        failed => Err(CliError::new("doctor", format!("{failed} of {} do not hold", findings.len()))),
    }
}

fn certificate(config: &Config) -> Option<Finding> {
    let (chain, key) = config.server.tls_files()?;
    let loaded = Certificate::load(chain, key).map(|_certificate| "readable, and the key belongs to it".to_owned());
    Some(Finding::new("certificate", loaded.map_err(|error| error.to_string())))
}

fn countries(config: &Config) -> Option<Finding> {
    let file = config.geo.database.as_deref()?;
    let opened = Countries::open(Some(file)).and_then(|countries| {
        countries.verify()?;
        Ok(format!("{countries}, for `/me/sessions`"))
    });
    Some(Finding::new("countries of addresses", opened.map_err(|error| error.to_string())))
}

/// The key tree, if there is one yet, with what is to be said of it.
fn key_encryption_key(config: &Config) -> (Finding, Option<Vault>) {
    let path = &config.keys.kek_file;
    let loaded = match &config.keys.kek {
        Some(kek) => Ok((Some(Vault::from_bytes(kek.expose())), "given by the configuration".to_owned())),
        None if !path.exists() => Ok((None, format!("{} is absent; the first start makes it", path.display()))),
        None => Vault::load(path, &SystemEntropy)
            .map(|vault| (Some(vault), format!("{} is for its owner alone", path.display()))),
    };
    match loaded {
        Ok((vault, detail)) => (Finding::new("key-encryption key", Ok(detail)), vault),
        Err(error) => (Finding::new("key-encryption key", Err(error.to_string())), None),
    }
}

fn database(config: &Config, vault: Option<&Vault>, runtime: &Runtime) -> Vec<Finding> {
    let url = config.database.url.expose().expose();
    if let Some(path) = config.database.url.sqlite_path().filter(|path| !Path::new(path).exists()) {
        return vec![Finding::new("database", Ok(format!("{path} is absent; the first start makes it")))];
    }
    let schema = match migrate::status(url) {
        Ok(versions) if versions.pending.is_empty() => {
            Ok(format!("version {}", versions.applied.last().map_or("none", String::as_str)))
        }
        Ok(versions) => Err(format!("lacks {}; run `menshen migrate`", versions.pending.join(", "))),
        Err(error) => Err(error.to_string()),
    };
    let usable = schema.is_ok();
    let mut findings = vec![Finding::new("schema", schema)];
    if usable {
        findings.extend(reach(url, vault, runtime));
    }
    findings
}

/// Reads and writes the database for real, compares its clock, and opens the
/// signing keys.
fn reach(url: &str, vault: Option<&Vault>, runtime: &Runtime) -> Vec<Finding> {
    let options = StoreOptions { schema: Schema::Require, connections: 1, ..StoreOptions::default() };
    let outcome = Store::open(url, options, Arc::new(SystemClock)).and_then(|store| {
        let keys = runtime.block_on(async {
            store.health().await?;
            store.read(|tx| Ok((tx.now(), signing_keys::list(tx)?))).await
        });
        store.close();
        keys
    });
    let database = |found| Finding::new("database", found);
    let clock = |found| Finding::new("database's clock", found);
    match outcome {
        Ok((now, records)) => vec![
            database(Ok("reachable and writable".to_owned())),
            clock(Ok("agrees".to_owned())),
            Finding::new("signing keys", open_keys(&records, vault, now)),
        ],
        Err(StoreError::Unavailable(trouble @ Trouble::ClockSkew(_))) => {
            vec![database(Ok("reachable".to_owned())), clock(Err(trouble.to_string()))]
        }
        Err(error) => vec![database(Err(error.to_string()))],
    }
}

/// Whether every stored key opens under the key-encryption key.
fn open_keys(records: &[SigningKeyRecord], vault: Option<&Vault>, now: Timestamp) -> Result<String, String> {
    if records.is_empty() {
        return Ok("none yet; the first start makes them".to_owned());
    }
    let vault = vault.ok_or("are sealed, and their key-encryption key is not there")?;
    SigningKeys::open(records, vault, now).map_err(|error| error.to_string())?;
    let active =
        records.iter().filter(|record| record.state == KeyState::Active).map(|record| record.algorithm.as_str());
    let active: Vec<&str> = active.collect();
    if active.is_empty() {
        return Err("none is active".to_owned());
    }
    Ok(format!("open; active for {}", active.join(" and ")))
}

/// Asks the issuer for its discovery document, as a client would. It may be
/// anywhere, on this machine too: it is our own name.
async fn issuer(config: &Config) -> Result<String, String> {
    let issuer = config.server.issuer.as_str();
    let ours = OutboundConfig { allow_private_addresses: true, ..config.outbound.clone() };
    let outbound = Outbound::new(&ours).map_err(|error| error.to_string())?;
    let url = Url::parse(&format!("{issuer}/.well-known/openid-configuration")).map_err(|error| error.to_string())?;
    let document: serde_json::Value = outbound.fetch_json(&url).await.map_err(|error| error.to_string())?;
    if document.get("issuer").and_then(serde_json::Value::as_str) == Some(issuer) {
        Ok(format!("{issuer} answers with its own name"))
    } else {
        Err(format!("{issuer} answers with another name"))
    }
}
