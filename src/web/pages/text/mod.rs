//! Every text of the pages, once for each language.
//!
//! A language is one value of [`Texts`]: a text that is missing in one of them
//! does not compile, and one that no page uses is a warning.

mod bindings;
mod chooser;
mod en;
mod enrolment;
mod sms;
mod upstream;
mod zh_cn;

pub use upstream::Upstream;

use super::locale::Locale;

/// The texts of a language.
pub fn of(locale: Locale) -> &'static Texts {
    match locale {
        Locale::ZhCn => &zh_cn::TEXTS,
        Locale::En => &en::TEXTS,
    }
}

type Text = &'static str;

/// A sentence with one hole; each language puts it where it belongs.
pub struct Around {
    pub before: Text,
    pub after: Text,
}

impl Around {
    /// The sentence with its hole filled, for plain text. Templates print the
    /// halves themselves where the filling needs an element of its own.
    pub fn fill(&self, filling: &str) -> String {
        format!("{}{filling}{}", self.before, self.after)
    }
}

/// A heading and the line under it.
pub struct Described {
    pub title: Text,
    pub detail: Text,
}

/// What happened, and what to do next.
pub struct ErrorText {
    pub title: Text,
    pub what: Text,
    pub next: Text,
}

pub struct Texts {
    pub common: Common,
    pub people: People,
    pub login: Login,
    pub sign_up: enrolment::SignUp,
    pub code: enrolment::Code,
    pub reset: enrolment::Reset,
    pub iam: Iam,
    pub sms: sms::Sms,
    pub upstream: Upstream,
    pub choose: Choose,
    pub reauth: Reauth,
    pub consent: Consent,
    pub logout: Logout,
    pub accounts: Accounts,
    pub chooser: chooser::Chooser,
    pub bindings: bindings::Bindings,
    pub apps: Apps,
    pub password: PasswordChange,
    pub agreements: AgreementsDue,
    pub form_post: FormPost,
    pub error: Errors,
    pub problem: Problems,
}

pub struct Common {
    pub brand: Text,
    pub footer: Around,
    pub help: Text,
    pub error_prefix: Text,
    pub cancel: Text,
    pub back: Text,
}

pub struct People {
    pub root: Text,
    pub sub_account: Text,
    pub iam_user: Text,
    pub locked: Text,
    pub signed_out: Text,
    pub disabled: Text,
    pub owned_by: Around,
    pub billed_to: Around,
    pub id: Text,
}

pub struct Login {
    pub sign_in: Text,
    pub sign_in_to: Around,
    pub methods: Text,
    pub tab_account: Text,
    pub elsewhere: Text,
    pub account_title: Text,
    pub sub_title: Text,
    pub username: Text,
    pub email: Text,
    pub sub_note: Text,
    pub password: Text,
    pub remember: Text,
    pub agree: Text,
    pub and: Text,
    pub quote: Around,
    pub terms: Text,
    pub privacy: Text,
    pub submit: Text,
    pub forgot: Text,
    pub no_account: Text,
    pub sign_up: Text,
    pub wrong_page: Text,
}

pub struct Iam {
    pub title: Text,
    pub username: Text,
    pub username_hint: Text,
    pub account: Text,
    pub account_hint: Text,
    pub not_this_account: Text,
    pub next: Text,
    pub change: Text,
    pub address_changed: Text,
}

pub struct Choose {
    pub title: Text,
    pub lead: Text,
    pub lead_for: Around,
}

pub struct Reauth {
    pub title: Text,
    pub lead: Text,
    pub here: Text,
    pub other: Text,
}

pub struct Consent {
    pub title: Around,
    pub unverified: Text,
    pub unverified_note: Text,
    pub as_person: Text,
    pub switch: Text,
    pub will: Text,
    pub destination: Around,
    pub approve: Text,
    pub deny: Text,
    pub revoke_note: Text,
    pub policy: Text,
    pub terms: Text,
    pub resource: Around,
    pub scope_openid: Described,
    pub scope_profile: Described,
    pub scope_email: Described,
    pub scope_phone: Described,
    pub scope_address: Described,
    pub scope_account: Described,
    pub scope_offline: Described,
}

pub struct Logout {
    pub title: Text,
    pub title_of: Around,
    pub nobody: Text,
    pub which: Text,
    pub all: Around,
    pub confirm: Text,
    pub done_title: Text,
    pub done_note: Text,
    pub remaining: Around,
    pub return_to: Text,
    pub sign_in_again: Text,
}

pub struct Accounts {
    pub title: Text,
    pub lead: Text,
    pub nobody: Text,
    pub sign_out: Text,
    pub sign_out_all: Text,
    pub add: Text,
    pub sign_in: Text,
    pub apps: Text,
}

pub struct Apps {
    pub title: Text,
    pub lead: Text,
    pub none: Text,
    pub granted: Around,
    pub revoke: Text,
    pub revoke_of: Around,
    pub revoked: Around,
}

pub struct PasswordChange {
    pub title: Text,
    pub lead: Text,
    pub new_password: Text,
    pub again: Text,
    pub length: Around,
    pub advice: Text,
    pub submit: Text,
}

pub struct AgreementsDue {
    pub title: Text,
    pub lead: Text,
    pub submit: Text,
    pub decline: Text,
}

pub struct FormPost {
    pub title: Text,
    pub title_of: Around,
    pub lead: Text,
    pub submit: Text,
}

pub struct Errors {
    pub reference: Text,
    pub retry: Around,
    pub restart: Text,
    pub return_to: Text,
    pub unregistered: ErrorText,
    pub bad_request: ErrorText,
    pub tx_expired: ErrorText,
    pub bad_state: ErrorText,
    pub bind_expired: ErrorText,
    pub cross_site: ErrorText,
    pub too_large: ErrorText,
    pub not_found: ErrorText,
    pub method_not_allowed: ErrorText,
    pub sign_up_off: ErrorText,
    pub newcomer_refused: ErrorText,
    pub method_refused: ErrorText,
    pub too_many: ErrorText,
    pub unavailable: ErrorText,
    pub internal: ErrorText,
}

pub struct Problems {
    pub phone_required: Text,
    pub phone_missing: Text,
    pub code_missing: Text,
    pub bad_code: Text,
    pub code_cooldown: Around,
    pub code_quota: Around,
    pub bad_credentials: Text,
    pub locked: Around,
    pub busy: Around,
    pub sub_account_disabled: Text,
    pub iam_user_disabled: Text,
    pub root_disabled: Text,
    pub owner_suspended: Text,
    pub console_denied: Text,
    pub ip_denied: Text,
    pub password_expired_hard: Text,
    pub agree_required: Text,
    pub select_required: Text,
    pub username_missing: Text,
    pub account_missing: Text,
    pub password_missing: Text,
    pub new_password_missing: Text,
    pub email_required: Text,
    pub bad_username: Text,
    pub password_too_short: Around,
    pub password_too_long: Around,
    pub password_weak: Text,
    pub password_common: Text,
    pub password_own_words: Text,
    pub phone_full: Around,
    pub password_same: Text,
    pub password_mismatch: Text,
    pub one_second: Text,
    pub seconds: Around,
    pub minutes: Around,
}
