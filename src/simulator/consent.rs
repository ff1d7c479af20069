//! The page on which a person agrees with a vendor: WeChat's inside WeChat,
//! Alipay's, Taobao's and the OpenID providers'.

use askama::Template;

use super::people::Person;

/// The page. Its form posts `user` and `action` (`allow`, `deny`).
#[derive(Template)]
#[template(path = "simulator/consent.html")]
pub struct ConsentPage<'a> {
    /// Whose page it is.
    pub vendor: &'a str,
    /// Which app asks.
    pub app: &'a str,
    /// For what.
    pub asks: &'a str,
    /// Where the form goes.
    pub action: String,
    /// Fields that the form carries along.
    pub fields: Vec<(String, String)>,
    /// Who may answer.
    pub people: &'a [Person],
}

/// Owned name-value pairs.
pub fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
