//! What a configuration may say, and what each wrong one is told.

use super::*;

#[test]
fn nothing_given_is_a_whole_configuration() {
    let config = Config::from_parts("", []).unwrap();
    assert_eq!(config.server.issuer.as_str(), "http://localhost:8080");
}
