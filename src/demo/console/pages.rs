//! The console's pages: plain structs, filled by the routes.

use askama::Template;
use serde_json::{Map, Value};

use super::relying_party::moment;
use super::seats::Seated;
use super::session::{Seat, SignedIn, Tool};
use super::text::{self, Texts};
use super::trouble::Trouble;
use crate::demo::data::{DemoPerson, PASSWORD, PEOPLE};
use crate::domain::PrincipalKind;
use crate::web::pages::Locale;

/// Claims that a reader looks for first.
const FIRST: [&str; 8] = [
    "sub",
    "name",
    "preferred_username",
    "principal_type",
    "account_id",
    "owner_account_id",
    "billing_account_id",
    "account_alias",
];
/// Claims that are seconds since the epoch.
const MOMENTS: [&str; 4] = ["auth_time", "exp", "iat", "updated_at"];

/// What every page has around it.
pub struct Frame {
    /// Language of the page.
    pub locale: Locale,
    /// This page in the other language.
    pub language_href: String,
}

impl Frame {
    pub(super) fn t(&self) -> &'static Texts {
        text::of(self.locale)
    }
}

/// Nobody is signed in.
#[derive(Template)]
#[template(path = "demo/front.html")]
pub struct FrontPage {
    /// The frame.
    pub frame: Frame,
    /// The person comes back from a sign-out.
    pub signed_out: bool,
    /// Accounts that are signed in here still.
    pub others: Vec<Seat>,
    /// Where the API is.
    pub api: String,
    /// Where the simulated phone is.
    pub phone: String,
}

impl FrontPage {
    #[expect(clippy::unused_self, reason = "the template reaches it as a property of the page")]
    fn people(&self) -> &'static [DemoPerson] {
        &PEOPLE
    }

    fn seats(&self) -> Vec<Seated<'_>> {
        self.others.iter().map(|seat| Seated::of(&self.frame, seat)).collect()
    }

    fn badge(&self, person: &DemoPerson) -> &'static str {
        kind_name(self.frame.t(), person.kind)
    }

    #[expect(clippy::unused_self, reason = "the template reaches it as a property of the page")]
    fn password(&self) -> &'static str {
        PASSWORD
    }
}

/// Somebody is signed in.
#[derive(Template)]
#[template(path = "demo/home.html")]
pub struct HomePage {
    /// The frame.
    pub frame: Frame,
    /// To which of the two clients.
    pub tool: Tool,
    /// The name of this account in addresses.
    pub handle: String,
    /// Who, with everything that is known.
    pub signed_in: SignedIn,
    /// The other accounts that are signed in here.
    pub others: Vec<Seat>,
    /// Where the API is.
    pub api: String,
    /// Where the simulated phone is.
    pub phone: String,
}

/// One line of a table of claims.
struct Line {
    name: String,
    value: String,
    /// A moment in words.
    note: Option<String>,
}

impl HomePage {
    fn is_console(&self) -> bool {
        self.tool == Tool::Console
    }

    fn seats(&self) -> Vec<Seated<'_>> {
        self.others.iter().map(|seat| Seated::of(&self.frame, seat)).collect()
    }

    /// A claim as text: userinfo says it, or the ID token.
    fn claim(&self, name: &str) -> Option<&str> {
        let of = |claims: &'_ Map<String, Value>| claims.contains_key(name);
        let claims = if of(&self.signed_in.userinfo) { &self.signed_in.userinfo } else { &self.signed_in.id_claims };
        claims.get(name).and_then(Value::as_str)
    }

    /// What the person is best called.
    fn name(&self) -> &str {
        ["name", "preferred_username", "email", "sub"].iter().find_map(|claim| self.claim(claim)).unwrap_or("?")
    }

    fn initial(&self) -> String {
        let first = self.name().chars().find(|c| c.is_alphanumeric());
        first.map_or_else(|| "·".to_owned(), |c| c.to_uppercase().collect())
    }

    /// What the person signs in with, where it is not the name already.
    fn login(&self) -> Option<&str> {
        let names = match self.kind() {
            Some(PrincipalKind::IamUser) => ["preferred_username", "email", "phone_number"],
            Some(PrincipalKind::Root | PrincipalKind::SubAccount) | None => {
                ["email", "phone_number", "preferred_username"]
            }
        };
        names.iter().find_map(|claim| self.claim(claim)).filter(|login| *login != self.name())
    }

    fn kind(&self) -> Option<PrincipalKind> {
        self.claim("principal_type").and_then(|kind| kind.parse().ok())
    }

    fn badge(&self) -> Option<&'static str> {
        self.kind().map(|kind| kind_name(self.frame.t(), kind))
    }

    /// Label, account id, and whether it is the very account acted in.
    fn accounts(&self) -> Vec<(&'static str, &str, bool)> {
        let (t, acting) = (self.frame.t(), self.claim("account_id"));
        let named = [(t.acting, "account_id"), (t.owner, "owner_account_id"), (t.billed, "billing_account_id")];
        let found = named.into_iter().filter_map(|(label, claim)| self.claim(claim).map(|id| (label, claim, id)));
        found.map(|(label, claim, id)| (label, id, claim != "account_id" && Some(id) == acting)).collect()
    }

    fn whose(&self) -> Option<&'static str> {
        let whose = &self.frame.t().whose;
        let independent = self.claim("billing_account_id") == self.claim("account_id");
        Some(match self.kind()? {
            PrincipalKind::Root => whose.root,
            PrincipalKind::SubAccount if independent => whose.sub_independent,
            PrincipalKind::SubAccount => whose.sub_shared,
            PrincipalKind::IamUser => whose.iam,
        })
    }

    fn expires(&self) -> String {
        self.signed_in.expires_at.map_or_else(|| self.frame.t().never.to_owned(), |moment| moment.to_string())
    }

    fn assurance(&self) -> String {
        let claims = &self.signed_in.id_claims;
        let known = ["amr", "acr"].iter().filter_map(|name| claims.get(*name)).map(shown);
        known.collect::<Vec<_>>().join(" · ")
    }

    fn id_claims(&self) -> Vec<Line> {
        lines(&self.signed_in.id_claims)
    }

    fn user_claims(&self) -> Vec<Line> {
        lines(&self.signed_in.userinfo)
    }

    /// Status and body of the API's last answer, the body laid out if it is JSON.
    fn api_answer(&self) -> Option<(u16, String)> {
        let (status, body) = self.signed_in.api_answer.as_ref()?;
        let laid_out = serde_json::from_str::<Value>(body).and_then(|json| serde_json::to_string_pretty(&json));
        Some((*status, laid_out.unwrap_or_else(|_not_json| body.clone())))
    }
}

/// Something went wrong.
#[derive(Template)]
#[template(path = "demo/trouble.html")]
pub struct TroublePage {
    /// The frame.
    pub frame: Frame,
    /// Which client it was about.
    pub tool: Tool,
    /// What went wrong.
    pub trouble: Trouble,
}

impl TroublePage {
    fn words(&self) -> (&'static str, &'static str) {
        self.frame.t().troubles.of(&self.trouble)
    }

    /// The provider's own code and words.
    fn refusal(&self) -> Option<(&str, Option<&str>)> {
        match &self.trouble {
            Trouble::Refused { error, description } => Some((error, description.as_deref())),
            Trouble::NotAsked | Trouble::OtherIssuer | Trouble::Ended | Trouble::Provider | Trouble::Proof => None,
        }
    }

    fn again(&self) -> &'static str {
        match self.tool {
            Tool::Console => "/sign-in",
            Tool::Report => "/sign-in?tool=report",
        }
    }
}

pub(super) fn kind_name(texts: &'static Texts, kind: PrincipalKind) -> &'static str {
    let [root, sub_account, iam_user] = texts.kinds;
    match kind {
        PrincipalKind::Root => root,
        PrincipalKind::SubAccount => sub_account,
        PrincipalKind::IamUser => iam_user,
    }
}

fn lines(claims: &Map<String, Value>) -> Vec<Line> {
    let first = FIRST.iter().filter_map(|name| claims.get_key_value(*name));
    let rest = claims.iter().filter(|(name, _)| !FIRST.contains(&name.as_str()));
    let line = |(name, value): (&String, &Value)| Line {
        name: name.clone(),
        value: shown(value),
        note: MOMENTS.contains(&name.as_str()).then(|| moment(claims, name)).flatten().map(|time| time.to_string()),
    };
    first.chain(rest).map(line).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let pairs = members.iter().map(|(name, value)| format!("{name}: {}", shown(value)));
            pairs.collect::<Vec<_>>().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_claims_people_look_for_stand_first_and_moments_are_in_words() {
        let claims = json!({"acr": "aal1", "sub": "p_1", "iat": 1_767_225_600, "account_id": "1", "amr": ["pwd", "otp"],
            "address": {"country": "CN", "locality": "北京"}, "email_verified": true});
        let lines = lines(claims.as_object().unwrap());
        let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["sub", "account_id", "acr", "address", "amr", "email_verified", "iat"]);
        let by_name = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
        assert_eq!(by_name("iat").note.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(by_name("amr").value, "pwd, otp");
        assert_eq!(by_name("address").value, "country: CN\nlocality: 北京");
    }

    #[test]
    fn what_the_provider_says_is_text_and_no_markup() {
        let trouble = Trouble::Refused { error: "<b>".into(), description: Some("<script>alert(1)</script>".into()) };
        let frame = Frame { locale: Locale::En, language_href: "/?ui_locales=zh-CN".into() };
        let html = TroublePage { frame, tool: Tool::Report, trouble }.render().unwrap();
        assert!(html.contains("&#60;script&#62;") && !html.contains("<script>"), "{html}");
    }
}
