//! `[agreements]`: what people accept when they sign in.

use url::Url;

use super::error::require;
use super::section::section;

section! {
    /// Agreements that people accept. They are asked again when the version changes.
    Agreements = "agreements" {
        /// Version in force.
        version: String = r#""1""#,
        /// Title of the terms of service, in Chinese.
        terms_title_zh: String = r#""服务协议""#,
        /// Title of the terms of service, in English.
        terms_title_en: String = r#""Terms of Service""#,
        /// Page of the terms of service.
        terms_url: Option<String> = "",
        /// Title of the privacy policy, in Chinese.
        privacy_title_zh: String = r#""隐私政策""#,
        /// Title of the privacy policy, in English.
        privacy_title_en: String = r#""Privacy Policy""#,
        /// Page of the privacy policy.
        privacy_url: Option<String> = "",
    }
    check(agreements) {
        require("agreements.version", agreements.version.chars().count() <= 64, "must be at most 64 characters")?;
        for (key, url) in [("terms_url", &agreements.terms_url), ("privacy_url", &agreements.privacy_url)] {
            let good = url.as_ref().is_none_or(|url| Url::parse(url).is_ok_and(|url| url.scheme() == "https"));
            require(&format!("agreements.{key}"), good, "must be an https URL")?;
        }
        Ok(())
    }
}
