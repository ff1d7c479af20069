//! The demo's vendors: one simulator for all of them, and the configuration by
//! which the provider reaches it.

use std::net::SocketAddr;
use std::sync::Arc;

use toml::Value;

use super::DemoError;
use crate::base::{SharedClock, SharedEntropy};
use crate::simulator::{Running, Simulator, fixture};

/// The settings of a provider whose vendors are a simulator at `origin`: section,
/// key and value.
#[must_use]
pub fn settings(origin: &str) -> Vec<(&'static str, &'static str, Value)> {
    let text = |text: &str| Value::String(text.to_owned());
    let templates = fixture::TEMPLATES.iter().filter_map(|(name, aliyun, _tencent, _text)| {
        let purpose = match *name {
            "signup" => "sign_up",
            "login" | "bind" | "reset" => name,
            _ => return None,
        };
        Some(Value::String(format!("{purpose}={aliyun}")))
    });
    vec![
        ("sms", "provider", text("aliyun")),
        ("sms", "access_key_id", text(fixture::ALIYUN.id)),
        ("sms", "access_key_secret", text(fixture::ALIYUN.secret)),
        ("sms", "sign_name", text(fixture::SIGN_NAME)),
        ("sms", "templates", Value::Array(templates.collect())),
        ("sms", "endpoint", text(&format!("{origin}/aliyun"))),
    ]
}

/// The same as sections of a configuration file.
#[must_use]
pub fn toml(origin: &str) -> String {
    let mut section = "";
    settings(origin).into_iter().fold(String::new(), |mut file, (name, key, value)| {
        if name != section {
            section = name;
            file.extend(["[", name, "]\n"]);
        }
        file.extend([key, " = ", &value.to_string(), "\n"]);
        file
    })
}

/// Starts the simulator; it ends when what comes back is dropped.
///
/// # Errors
/// Its port is taken.
pub fn start(
    listen: SocketAddr,
    origin: &str,
    provider_host: &str,
    clock: &SharedClock,
    entropy: &SharedEntropy,
) -> Result<Running, DemoError> {
    let usual = Simulator::new(listen, Arc::clone(clock), Arc::clone(entropy));
    let mut redirect_hosts = usual.redirect_hosts.clone();
    redirect_hosts.push(provider_host.to_owned());
    let simulator = Simulator { origin: Some(origin.to_owned()), redirect_hosts, ..usual };
    simulator.start().map_err(|error| DemoError::new("simulator", error))
}
