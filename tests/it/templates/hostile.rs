//! Words that would hurt a page that does not escape them.

use std::collections::BTreeSet;

use menshen::web::pages::Locale;
use scraper::{ElementRef, Html};

use super::samples;

/// Words that hurt where a page does not escape (hostile-cases WB-01, AZ-19).
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "' autofocus onfocus='alert(1)",
    "\" onmouseover=\"alert(1)",
    "</title><svg onload=alert(1)>",
    "</textarea><img src=x onerror=alert(1)>",
    "--><iframe src=javascript:alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&amp;#39;&#x3c;",
    "\u{202e}gnp.exe\u{2066}\u{200f}",
    "a\u{300}\u{301}\u{302}\u{1f469}\u{200d}\u{1f4bb}",
    "javascript:alert(1)",
];

#[test]
fn hostile_words_stay_words() {
    for locale in Locale::ALL {
        let tame = samples::all(locale, Some("Zed"));
        for word in HOSTILE {
            for (tame, wild) in tame.iter().zip(samples::all(locale, Some(word))) {
                let (tame, wild) = (Html::parse_document(&tame.html), Html::parse_document(&wild.html));
                assert_eq!(shape(&tame), shape(&wild), "{word}");
                assert_eq!(shown(&tame, "Zed"), shown(&wild, word), "{word}");
            }
        }
    }
}

/// The elements and names of attributes of a document, in order.
fn shape(document: &Html) -> Vec<String> {
    let elements = document.tree.nodes().filter_map(ElementRef::wrap);
    elements
        .map(|element| {
            let names: BTreeSet<&str> = element.value().attrs().map(|(name, _)| name).collect();
            format!("{} {names:?}", element.value().name())
        })
        .collect()
}

/// How often a word stands in the texts and attributes, as a browser reads them.
fn shown(document: &Html, word: &str) -> usize {
    let elements = document.tree.nodes().filter_map(ElementRef::wrap);
    let attributes: usize =
        elements.map(|e| e.value().attrs().map(|(_, value)| value.matches(word).count()).sum::<usize>()).sum();
    let texts = document.tree.nodes().filter_map(|node| node.value().as_text());
    attributes + texts.map(|text| text.matches(word).count()).sum::<usize>()
}
