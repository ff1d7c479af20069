//! What a browser calls itself, as people know it: its kind and its system, never
//! its version.
//!
//! Guesswork, and anybody can say what they like: a person reads it in lists and
//! letters, and an owner may have its people asked again when it changes. Nobody is
//! let in by it.

/// Browsers by a word that they say, the telling ones first: most say that
/// they are several others as well.
const BROWSERS: [(&str, &str); 13] = [
    ("MicroMessenger/", "WeChat"),
    ("AlipayClient/", "Alipay"),
    ("DingTalk/", "DingTalk"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("CriOS/", "Chrome"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by a word, the telling ones first.
const SYSTEMS: [(&str, &str); 9] = [
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// Browser and system in words of ours, as far as they can be told.
#[must_use]
pub fn described(user_agent: &str) -> Option<String> {
    let among =
        |list: &[(&str, &'static str)]| list.iter().find(|(word, _)| user_agent.contains(word)).map(|(_, name)| *name);
    match (among(&BROWSERS), among(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_what_tells_them_apart() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        for (user_agent, told) in [
            (chrome.to_owned(), Some("Chrome · Linux")),
            (format!("{chrome} Edg/141.0"), Some("Edge · Linux")),
            (
                "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                Some("Firefox · Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1"
                    .to_owned(),
                Some("Safari · iOS"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) Chrome/120 Mobile MicroMessenger/8.0".to_owned(),
                Some("WeChat · Android"),
            ),
            ("curl/8.5.0".to_owned(), None),
            ("<b>click https://evil.test</b>".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(described(&user_agent).as_deref(), told, "{user_agent}");
        }
    }
}
