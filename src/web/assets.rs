//! The few files that pages load: one stylesheet, the mark, one script.
//!
//! Compiled in, and named by a hash of their bytes, so that a browser may keep
//! them for ever. `web` serves what [`find`] returns; pages link to the URLs.

use std::sync::LazyLock;

/// What a browser may do with an asset: its name changes with its content.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// One file under `/assets/`.
#[derive(Debug)]
pub struct Asset {
    /// The path it is served at, hash included.
    pub path: String,
    /// `Content-Type`, with charset where there is one.
    pub content_type: &'static str,
    /// What is sent.
    pub body: &'static [u8],
}

/// The rules that the demo's pages share, and the provider's own.
const CSS: &str = concat!(include_str!("../../assets/base.css"), include_str!("../../assets/menshen.css"));

static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| asset("menshen", "css", "text/css; charset=utf-8", CSS.as_bytes()));
static LOGO: LazyLock<Asset> =
    LazyLock::new(|| asset("logo", "svg", "image/svg+xml; charset=utf-8", include_bytes!("../../assets/logo.svg")));
static FORM_POST: LazyLock<Asset> = LazyLock::new(|| {
    asset("form-post", "js", "text/javascript; charset=utf-8", include_bytes!("../../assets/form-post.js"))
});

/// Where the one stylesheet is.
pub fn stylesheet_url() -> &'static str {
    &STYLESHEET.path
}

/// Where the mark is (SVG, also the icon of the tab).
pub fn logo_url() -> &'static str {
    &LOGO.path
}

/// Where the script is that submits a `form_post` response.
pub fn form_post_script_url() -> &'static str {
    &FORM_POST.path
}

/// Every asset, for the route table.
pub fn all() -> [&'static Asset; 3] {
    [&STYLESHEET, &LOGO, &FORM_POST]
}

/// The asset at this path, if the path is exactly one of ours.
pub fn find(path: &str) -> Option<&'static Asset> {
    all().into_iter().find(|asset| asset.path == path)
}

fn asset(stem: &str, extension: &str, content_type: &'static str, body: &'static [u8]) -> Asset {
    Asset { path: format!("/assets/{stem}.{:016x}.{extension}", fingerprint(body)), content_type, body }
}

/// FNV-1a, 64 bit: it only has to change when the bytes do.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_is_served() {
        assert_eq!(find(stylesheet_url()).unwrap().path, stylesheet_url());
        for wrong in ["/assets/menshen.css", "/assets/", "", "/assets/../Cargo.toml", &stylesheet_url()[1..]] {
            assert!(find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_stylesheet_is_small_and_loads_nothing() {
        let css = std::str::from_utf8(STYLESHEET.body).unwrap();
        assert!(css.len() <= 14 * 1024, "{} bytes", css.len());
        assert!(!css.contains("url(") && !css.contains("@import"));
    }

    #[test]
    fn another_byte_is_another_name() {
        assert_ne!(fingerprint(b"a"), fingerprint(b"b"));
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
    }
}
