//! `[branding]`: what the product is called on its pages.

use super::error::require;
use super::section::section;

section! {
    /// What the product is called on its pages and in its messages.
    Branding = "branding" {
        /// The product's name in Chinese.
        name_zh: String = r#""门神""#,
        /// The product's name in every other language.
        name_en: String = r#""Menshen""#,
    }
    check(branding) {
        for (key, name) in [("name_zh", &branding.name_zh), ("name_en", &branding.name_en)] {
            require(&format!("branding.{key}"), name.chars().count() <= 40, "must be at most 40 characters")?;
        }
        Ok(())
    }
}
