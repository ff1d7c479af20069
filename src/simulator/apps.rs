//! Customers of the vendors: their ids, secrets, keys and what they registered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::vendor::Vendor;

/// One app, access key or client of a vendor.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "app_id is the vendors' word")]
pub struct App {
    /// App id, access key id, client id.
    pub app_id: String,
    /// What kind of app: WeChat `web`, `h5`, `mobile`; Tencent `sms`, `rapidauth`.
    pub kind: String,
    /// Its secret.
    pub secret: String,
    /// Its public key (base64 DER or PEM).
    pub public_key: String,
    /// Hosts to which it may send people back; with a port, that port alone.
    pub redirect_hosts: Vec<String>,
    /// Signatures of text messages that were approved.
    pub sign_names: Vec<String>,
    /// Templates of text messages, by code.
    pub templates: BTreeMap<String, String>,
    /// Alipay: `user_id` or `open_id`. Taobao: `hidden` for "-1".
    pub id_mode: String,
    /// Tencent: the application that messages are sent for.
    pub sdk_app_id: String,
    /// Alipay: `cert` when requests name their certificates.
    pub mode: String,
    /// Alipay: the merchant, in the native SDK's text.
    pub pid: String,
}

impl App {
    /// May people be sent back to `target`?
    pub fn allows(&self, target: &str) -> bool {
        let Some(url) = Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return false;
        };
        let Some(host) = url.host_str() else { return false };
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        self.redirect_hosts.iter().any(|allowed| allowed == host || Some(allowed) == with_port.as_ref())
    }
}

/// All apps.
#[derive(Default)]
pub struct Apps(Vec<(Vendor, App)>);

impl Apps {
    /// The app of this vendor with this id.
    pub fn find(&self, vendor: Vendor, app_id: &str) -> Option<&App> {
        self.of(vendor).find(|app| app.app_id == app_id)
    }

    /// All apps of a vendor.
    pub fn of(&self, vendor: Vendor) -> impl Iterator<Item = &App> {
        self.0.iter().filter(move |(of, _)| *of == vendor).map(|(_, app)| app)
    }

    /// Adds an app as it is.
    pub fn add(&mut self, vendor: Vendor, app: App) {
        self.0.push((vendor, app));
    }

    /// Adds an app, or changes the fields that are given.
    ///
    /// # Errors
    /// What is wrong with a field.
    pub fn put(&mut self, vendor: Vendor, fields: &Map<String, Value>) -> Result<App, String> {
        let id = fields.get("app_id").and_then(Value::as_str).ok_or("app_id is missing")?;
        let known = self.0.iter_mut().find(|(of, app)| *of == vendor && app.app_id == id);
        let before = known.as_ref().map_or_else(App::default, |(_, app)| app.clone());
        let mut merged = serde_json::to_value(before).map_err(|error| error.to_string())?;
        if let Some(members) = merged.as_object_mut() {
            members.extend(fields.iter().filter(|(name, _)| *name != "vendor").map(|(n, v)| (n.clone(), v.clone())));
        }
        let app: App = serde_json::from_value(merged).map_err(|error| error.to_string())?;
        if let Some((_, place)) = known {
            place.clone_from(&app);
        } else {
            self.0.push((vendor, app.clone()));
        }
        Ok(app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_to_registered_hosts_alone() {
        let app = App { redirect_hosts: vec!["localhost".into(), "id.test:8443".into()], ..App::default() };
        for fine in ["http://localhost:8080/cb", "https://localhost/cb", "https://id.test:8443/cb"] {
            assert!(app.allows(fine), "{fine}");
        }
        for wrong in [
            "http://localhost.evil.test/",
            "https://id.test/cb",
            "javascript:alert(1)",
            "/cb",
            "http://localhost@evil.test/",
        ] {
            assert!(!app.allows(wrong), "{wrong}");
        }
    }
}
