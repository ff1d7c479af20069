//! `[login.alipay]`: apps, keys, certificates.

use std::path::PathBuf;

use url::Url;

use super::super::settings;
use super::certificate::{Certificate, root_number};
use super::gateway::{App, Certificates};
use super::rsa2::{SigningKey, VerifyingKey};
use crate::base::Secret;
use crate::config::{ConfigError, Key, MethodSection};

const OPEN: &str = "https://openauth.alipay.com";
const GATEWAY: &str = "https://openapi.alipay.com/gateway.do";

/// `[login.alipay]`.
#[derive(Clone)]
pub struct AlipaySettings {
    /// The website's app.
    pub website: Option<AlipayApp>,
    /// The native app.
    pub native_app: Option<AlipayApp>,
    /// Our number as a merchant, for the native app.
    pub pid: Option<String>,
    /// What consent is asked for.
    pub scope: String,
    /// Where the pages begin.
    pub open_base: Url,
    /// The gateway.
    pub gateway: Url,
}

/// One app at Alipay.
#[derive(Clone)]
pub struct AlipayApp {
    /// APPID.
    pub id: String,
    /// Our private key, with the key of the configuration that gave it.
    pub private_key: (String, Secret<String>),
    /// How answers are checked.
    pub keys: AlipayKeys,
}

/// How Alipay's answers are checked; each with its key of the configuration.
#[derive(Clone)]
pub enum AlipayKeys {
    /// Key mode (普通公钥).
    Public(String, String),
    /// Certificate mode (公钥证书): our app's certificate, Alipay's, and its roots.
    Certificates([(String, PathBuf); 3]),
}

impl AlipaySettings {
    /// What is read of the section.
    pub const KEYS: &'static [Key] = &[
        settings::text("app_id", "", &["APPID of the website."]),
        settings::secret(
            "private_key",
            &["Its private key (RSA2, at least 2048 bits): base64 as Alipay's tools write it."],
        ),
        settings::text("private_key_file", "", &["The same as a file, PEM or base64."]),
        settings::text("alipay_public_key", "", &["Key mode: Alipay's public key for this app (not the app's own)."]),
        settings::text("app_certificate", "", &["Certificate mode: file of the app's certificate."]),
        settings::text("alipay_certificate", "", &["Certificate mode: file of Alipay's certificate."]),
        settings::text("root_certificate", "", &["Certificate mode: file of Alipay's roots. For both apps."]),
        settings::text(
            "native_app_id",
            "",
            &["APPID of the native app; its keys are named like the website's, with `native_`."],
        ),
        settings::secret("native_private_key", &["Private key of the native app."]),
        settings::text("native_private_key_file", "", &["The same as a file."]),
        settings::text("native_alipay_public_key", "", &["Key mode: Alipay's public key for the native app."]),
        settings::text("native_app_certificate", "", &["Certificate mode: file of the native app's certificate."]),
        settings::text("native_alipay_certificate", "", &["Certificate mode: file of Alipay's certificate for it."]),
        settings::text("pid", "", &["Our number as a merchant (2088…), for the native app."]),
        settings::text(
            "scope",
            "auth_user",
            &["`auth_user`, or `auth_base` for the identifier alone, without a page of consent."],
        ),
        settings::url("open_base", OPEN, &["Where Alipay's pages begin."]),
        settings::url("gateway", GATEWAY, &["The gateway."]),
    ];

    /// Reads them.
    ///
    /// # Errors
    /// The key that is wrong, unknown, or lacks another.
    pub fn read(section: &MethodSection) -> Result<Self, ConfigError> {
        settings::refuse_unknown(section, &[Self::KEYS])?;
        let scope = section.text("scope")?.unwrap_or_else(|| "auth_user".to_owned());
        if scope != "auth_user" && scope != "auth_base" {
            return Err(ConfigError::new(section.key("scope"), "expected: auth_user or auth_base"));
        }
        Ok(Self {
            website: AlipayApp::read(section, "")?,
            native_app: AlipayApp::read(section, "native_")?,
            pid: section.text("pid")?,
            scope,
            open_base: settings::base(section, "open_base", OPEN)?,
            gateway: settings::base(section, "gateway", GATEWAY)?,
        })
    }
}

impl AlipayApp {
    fn read(section: &MethodSection, prefix: &str) -> Result<Option<Self>, ConfigError> {
        let named = |name: &str| format!("{prefix}{name}");
        let Some(id) = section.text(&named("app_id"))? else { return Ok(None) };
        let (inline, file) = (named("private_key"), named("private_key_file"));
        let private_key = match (section.secret(&inline)?, section.path(&file)?) {
            (Some(key), None) => (section.key(&inline), key),
            (None, Some(path)) => {
                let key = section.key(&file);
                let text = read_file(&key, &path)?;
                (key, Secret::new(text))
            }
            (None, None) => return Err(ConfigError::new(section.key(&inline), "is needed beside app_id")),
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(section.key(&file), "and private_key exclude each other"));
            }
        };
        Ok(Some(Self { id, private_key, keys: Self::read_keys(section, prefix)? }))
    }

    fn read_keys(section: &MethodSection, prefix: &str) -> Result<AlipayKeys, ConfigError> {
        let public = format!("{prefix}alipay_public_key");
        let files =
            [format!("{prefix}app_certificate"), format!("{prefix}alipay_certificate"), "root_certificate".into()];
        let given = |name: &str| Ok((section.key(name), section.path(name)?));
        let [app, alipay, root] = &files;
        match (section.text(&public)?, given(app)?, given(alipay)?, given(root)?) {
            (Some(key), (_, None), (_, None), _) => Ok(AlipayKeys::Public(section.key(&public), key)),
            (None, (app, Some(a)), (alipay, Some(b)), (root, Some(c))) => {
                Ok(AlipayKeys::Certificates([(app, a), (alipay, b), (root, c)]))
            }
            _ => Err(ConfigError::new(
                section.key(&public),
                "is needed, or else app_certificate, alipay_certificate and root_certificate",
            )),
        }
    }

    /// Reads keys and files.
    ///
    /// # Errors
    /// The key of the configuration whose value or file is wrong.
    pub(super) fn open(&self) -> Result<App, ConfigError> {
        let wrong = |key: &str| {
            let key = key.to_owned();
            move |reason: &'static str| ConfigError::new(key, reason)
        };
        let (named, private_key) = &self.private_key;
        let signing = SigningKey::read(private_key.expose()).map_err(wrong(named))?;
        let (verifying, certificates) = match &self.keys {
            AlipayKeys::Public(named, key) => (VerifyingKey::read(key).map_err(wrong(named))?, None),
            AlipayKeys::Certificates([(app, app_path), (alipay, alipay_path), (root, root_path)]) => {
                let own = Certificate::read(&read_file(app, app_path)?).map_err(wrong(app))?;
                let theirs = Certificate::read(&read_file(alipay, alipay_path)?).map_err(wrong(alipay))?;
                let root = root_number(&read_file(root, root_path)?).map_err(wrong(root))?;
                let verifying = VerifyingKey::from_der(theirs.public_key).map_err(wrong(alipay))?;
                (verifying, Some(Certificates { app: own.number, root, alipay: theirs.number }))
            }
        };
        Ok(App { id: self.id.clone(), signing, verifying, certificates })
    }
}

fn read_file(key: &str, path: &PathBuf) -> Result<String, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::new(key, format!("cannot be read: {}", error.kind()));
    std::fs::read_to_string(path).map_err(unreadable)
}
