//! The pages of a new account.

use menshen::web::pages::{
    CodeFor, CodePage, Field, PageError, PasswordPolicy, ResetDonePage, ResetNamePage, ResetPasswordPage,
    SignUpDetailsPage, SignUpKnownPage, SignUpPhonePage,
};

use super::{Maker, Sample, sample};

impl Maker<'_> {
    pub(super) fn enrolment(&self) -> Vec<Sample> {
        let phone = |error| SignUpPhonePage {
            chrome: self.chrome(),
            form: self.form("/signup", error),
            phone: self.same("138 0013 8000"),
            sign_in_href: "/login?interaction=ix".into(),
        };
        let code = |purpose, error| CodePage {
            chrome: self.chrome(),
            form: self.form("/signup", error),
            purpose,
            to: self.same("138****8000"),
        };
        let known = |count, full, error| SignUpKnownPage {
            chrome: self.chrome(),
            form: self.form("/signup", error),
            phone: self.same("138****8000"),
            count,
            entries: if count == 1 { Vec::new() } else { self.entries() },
            full,
            sign_in_href: "/login?interaction=ix".into(),
        };
        let details = |error| SignUpDetailsPage {
            chrome: self.chrome(),
            form: self.form("/signup", error),
            phone: self.same("138****8000"),
            policy: PasswordPolicy { min: 8, max: 1024 },
            agreements: self.agreements(false),
        };
        let mut samples = vec![
            sample("signup_phone", &phone(None)),
            sample("signup_phone.phone_required", &phone(Some(PageError::PhoneRequired))),
            sample("signup_phone.code_quota", &phone(Some(PageError::CodeQuota { retry_after: 1_800 }))),
            sample("code", &code(CodeFor::SignUp, None)),
            sample("code.bad_code", &code(CodeFor::SignUp, Some(PageError::BadCode))),
            sample("code.code_cooldown", &code(CodeFor::SignUp, Some(PageError::CodeCooldown { retry_after: 42 }))),
            sample("signup_known", &known(2, None, None)),
            sample("signup_known.one", &known(1, None, None)),
            sample("signup_known.phone_full", &known(5, Some(5), Some(PageError::PhoneFull { most: 5 }))),
            sample("signup_details", &details(None)),
        ];
        for error in [
            PageError::Missing(Field::Password),
            PageError::AgreeRequired,
            PageError::PasswordTooShort { min: 8 },
            PageError::PasswordWeak,
            PageError::PasswordCommon,
            PageError::PasswordOwnWords,
        ] {
            samples.push(sample(&format!("signup_details.{}", error.code()), &details(Some(error))));
        }
        samples.push(sample("code.reset", &code(CodeFor::Reset, None)));
        samples.extend(self.reset());
        samples
    }

    fn reset(&self) -> Vec<Sample> {
        let name = |error| ResetNamePage {
            chrome: self.chrome(),
            form: self.form("/reset", error),
            username: self.same("alice@acme"),
            sign_in_href: "/login?interaction=ix".into(),
        };
        let password = |error| ResetPasswordPage {
            chrome: self.chrome(),
            form: self.form("/reset", error),
            person: self.root(),
            username: Some(self.same("ops@acme.example")),
            policy: PasswordPolicy { min: 8, max: 1024 },
        };
        let done = ResetDonePage { chrome: self.chrome(), sign_in_href: "/authorize/resume?interaction=ix".into() };
        vec![
            sample("reset_name", &name(None)),
            sample("reset_name.field_required", &name(Some(PageError::Missing(Field::Username)))),
            sample("reset_password", &password(None)),
            sample("reset_password.pwd_same", &password(Some(PageError::PasswordSame))),
            sample("reset_done", &done),
        ]
    }
}
