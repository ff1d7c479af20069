//! Whether a POST comes from a page of ours. Beside this every form carries a
//! token of its interaction or browser, which `flow` compares.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, ORIGIN};

/// Origin, when it is sent, must be ours; Sec-Fetch-Site, when it is sent, must
/// say `same-origin`, or `none` for what the person did by themselves.
#[must_use]
pub fn is_own_origin(request: &HttpRequest, own: &str) -> bool {
    let headers = request.headers();
    let all =
        |name: HeaderName, good: &dyn Fn(&[u8]) -> bool| headers.get_all(name).all(|value| good(value.as_bytes()));
    all(ORIGIN, &|origin| origin == own.as_bytes())
        && all(HeaderName::from_static("sec-fetch-site"), &|site| site == b"same-origin" || site == b"none")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], true)]
    #[case(&[("Origin", "https://id.test")], true)]
    #[case(&[("Origin", "https://id.test"), ("Sec-Fetch-Site", "same-origin")], true)]
    #[case(&[("Sec-Fetch-Site", "none")], true)]
    #[case(&[("Origin", "https://evil.test")], false)]
    #[case(&[("Origin", "null")], false)]
    #[case(&[("Origin", "https://id.test"), ("Origin", "https://evil.test")], false)]
    #[case(&[("Sec-Fetch-Site", "cross-site")], false)]
    #[case(&[("Sec-Fetch-Site", "same-site")], false)]
    fn a_form_comes_from_our_own_origin(#[case] headers: &[(&'static str, &'static str)], #[case] good: bool) {
        let request = headers.iter().fold(TestRequest::post(), |request, header| request.append_header(*header));
        assert_eq!(is_own_origin(&request.to_http_request(), "https://id.test"), good);
    }
}
