//! The two languages of the pages, and how one is picked.

use crate::domain::Language;

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Locale {
    /// Chinese, simplified: the language the texts are written in first.
    ZhCn,
    /// English.
    En,
}

impl Locale {
    /// Every language, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// The BCP 47 tag: `<html lang>`, the cookie's value, a `ui_locales` value.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// Its name in itself, for the switch link.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZhCn => "中文",
            Self::En => "English",
        }
    }

    /// The language that the switch link leads to.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::ZhCn => Self::En,
            Self::En => Self::ZhCn,
        }
    }

    /// The language of a BCP 47 tag; any script or region of it will do, since
    /// half a match serves people better than the other language.
    pub fn find(tag: &str) -> Option<Self> {
        Language::find(tag).map(Self::of)
    }

    /// The pages in this language.
    #[must_use]
    pub const fn of(language: Language) -> Self {
        match language {
            Language::Chinese => Self::ZhCn,
            Language::English => Self::En,
        }
    }

    /// The language, for what is not a page.
    #[must_use]
    pub const fn language(self) -> Language {
        match self {
            Self::ZhCn => Language::Chinese,
            Self::En => Language::English,
        }
    }

    /// Picks the language of a page: the request's `ui_locales` (OpenID Connect
    /// Core §3.1.2.1, in order of preference), then the cookie that the switch
    /// link left, then `Accept-Language`. Who asks for nothing gets Chinese,
    /// who asks for other languages only gets English.
    pub fn negotiate(ui_locales: Option<&str>, cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        ui_locales
            .and_then(|tags| tags.split_whitespace().find_map(Self::find))
            .or_else(|| cookie.and_then(Self::find))
            .or_else(|| accept_language.and_then(accepted))
            .unwrap_or(Self::ZhCn)
    }
}

/// The best language of an `Accept-Language` value (RFC 9110 §12.5.4); `None`
/// when it names none that it accepts.
fn accepted(header: &str) -> Option<Locale> {
    // Ranges are few in honest requests; a flood of them is not worth reading.
    let ranges = header.split(',').take(32).filter_map(weighted);
    let mut best: Option<(u16, Locale)> = None;
    for (range, weight) in ranges.filter(|(_, weight)| *weight > 0) {
        let locale = if range == "*" { Some(Locale::ZhCn) } else { Locale::find(range) }.unwrap_or(Locale::En);
        // A language that we lack only ever decides when none of ours is named.
        let rank = if Locale::find(range).is_some() { weight + 1_000 } else { 0 };
        if best.is_none_or(|(held, _)| rank > held) {
            best = Some((rank, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

/// A range and its weight in thousandths; `None` when it is not one.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = match parts.find_map(|part| part.strip_prefix("q=")) {
        None => 1_000,
        Some("0" | "0." | "0.0" | "0.00" | "0.000") => 0,
        Some(text) if text.starts_with('1') => 1_000,
        Some(text) => format!("{:0<3}", text.strip_prefix("0.")?).parse::<u16>().ok().filter(|w| *w < 1_000)?,
    };
    Some((range, weight))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, None, None, Locale::ZhCn)]
    #[case(Some("fr en-GB zh"), Some("zh-CN"), Some("zh"), Locale::En)]
    #[case(Some("fr de"), Some("en"), Some("zh-CN"), Locale::En)]
    #[case(Some("zh-Hant-TW"), None, Some("en"), Locale::ZhCn)]
    #[case(None, None, Some("en;q=0.5, zh-CN;q=0.9"), Locale::ZhCn)]
    #[case(None, None, Some("zh;q=0, en;q=0.1"), Locale::En)]
    #[case(None, None, Some("fr-FR, de;q=0.7"), Locale::En)]
    #[case(None, None, Some("fr-FR, zh;q=0.2"), Locale::ZhCn)]
    #[case(None, None, Some("*"), Locale::ZhCn)]
    #[case(None, None, Some("EN_us"), Locale::En)]
    #[case(None, Some("'\"><script>"), Some(";;,q=1"), Locale::En)]
    fn the_wish_nearest_to_the_request_wins(
        #[case] ui_locales: Option<&str>,
        #[case] cookie: Option<&str>,
        #[case] accept_language: Option<&str>,
        #[case] expected: Locale,
    ) {
        assert_eq!(Locale::negotiate(ui_locales, cookie, accept_language), expected);
    }

    proptest! {
        #[test]
        fn any_text_gives_a_language(a in ".*", b in ".*", c in ".*") {
            Locale::negotiate(Some(&a), Some(&b), Some(&c));
        }
    }
}
