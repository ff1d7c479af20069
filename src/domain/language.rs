//! The languages in which people are spoken to.

use super::names::named_enum;

named_enum! {
    /// A language of pages and messages, by its BCP 47 tag.
    Language {
        /// Chinese, simplified.
        Chinese = "zh-CN",
        /// English.
        English = "en",
    }
}

impl Language {
    /// The language of a BCP 47 tag; any script or region of it will do, since
    /// half a match serves people better than the other language.
    #[must_use]
    pub fn find(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }
}
