//! An answer of the provider, and the page that may be in it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, LOCATION};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use url::Url;

/// What came back, and from which address.
#[derive(Clone, Debug)]
pub struct Answer {
    pub url: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    /// The body as a page, read when somebody first looks.
    page: Rc<OnceCell<Html>>,
}

/// A form as a browser would send it.
#[derive(Clone, Debug)]
pub struct PageForm {
    pub action: String,
    pub fields: BTreeMap<String, String>,
}

impl Answer {
    pub fn new(url: String, status: StatusCode, headers: HeaderMap, body: String) -> Self {
        Self { url, status, headers, body, page: Rc::default() }
    }

    /// The body as a page.
    pub fn page(&self) -> &Html {
        self.page.get_or_init(|| Html::parse_document(&self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(HeaderName::try_from(name).unwrap()).map(|value| value.to_str().unwrap())
    }

    /// Where it sends the browser.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION).map(|value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    /// The path that it came from.
    pub fn path(&self) -> &str {
        self.url.split('?').next().unwrap()
    }

    /// One attribute of the first element that `selector` finds.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.first(selector, |element| element.attr(name).map(str::to_owned))?
    }

    /// The same of all elements.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let found = self.page().select(&selector);
        found.filter_map(|element| element.attr(name).map(str::to_owned)).collect()
    }

    /// The text of the first element that `selector` finds.
    pub fn text(&self, selector: &str) -> Option<String> {
        self.first(selector, |element| element.text().collect::<String>().trim().to_owned())
    }

    pub fn has(&self, selector: &str) -> bool {
        self.first(selector, |_| ()).is_some()
    }

    /// Why a form was refused.
    pub fn error_code(&self) -> Option<String> {
        self.attribute("#error", "data-code")
    }

    /// The page's form, with what stands in its fields. Nothing is ticked and no button is pressed.
    pub fn form(&self) -> PageForm {
        let inputs = Selector::parse("input").unwrap();
        self.first("form", |form| {
            let fields = form.select(&inputs).filter(|input| {
                !matches!(input.attr("type"), Some("checkbox" | "radio")) || input.attr("checked").is_some()
            });
            let pair = |input: ElementRef<'_>| {
                let name = input.attr("name")?.to_owned();
                Some((name, input.attr("value").unwrap_or_default().to_owned()))
            };
            PageForm { action: form.attr("action").unwrap().to_owned(), fields: fields.filter_map(pair).collect() }
        })
        .unwrap_or_else(|| panic!("no form at {}: {} {}", self.url, self.status, self.body))
    }

    fn first<T>(&self, selector: &str, read: impl FnOnce(ElementRef<'_>) -> T) -> Option<T> {
        self.page().select(&Selector::parse(selector).unwrap()).next().map(read)
    }

    /// The parameters that an authorization response carries, in the query or in
    /// a form.
    pub fn returned(&self) -> BTreeMap<String, String> {
        match self.location() {
            Some(location) => {
                let url = Url::parse(location).unwrap_or_else(|_| panic!("not to a client: {location}"));
                assert_eq!(url.fragment(), None, "nothing is ever put in a fragment");
                url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
            }
            None => self.form().fields,
        }
    }

    /// The error that was returned to the client.
    pub fn returned_error(&self) -> String {
        let returned = self.returned();
        assert!(!returned.contains_key("code"), "an error comes with a code");
        returned.get("error").unwrap_or_else(|| panic!("no error: {returned:?}")).clone()
    }

    /// The code that was returned to the client.
    pub fn code(&self) -> String {
        let returned = self.returned();
        returned.get("code").unwrap_or_else(|| panic!("no code: {returned:?}")).clone()
    }
}
