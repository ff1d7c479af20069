//! The pages of a login by text message.

use menshen::web::pages::{Field, PageError, Remember, RowLabel, SmsAccountPage, SmsCodePage, SmsPhonePage, SmsRow};

use super::{Maker, Sample, sample};

impl Maker<'_> {
    pub(super) fn sms(&self) -> Vec<Sample> {
        let number = |phone: &str, error, again| SmsPhonePage {
            chrome: self.chrome(),
            form: self.form("/login/sms", error),
            methods: self.methods(1),
            phone: phone.to_owned(),
            tiles: Vec::new(),
            tiles_action: "/accounts".into(),
            again,
            sign_up_href: Some("/signup?interaction=ix".into()),
        };
        let account = |error| SmsAccountPage {
            chrome: self.chrome(),
            form: self.form("/login/sms", error),
            methods: self.methods(1),
            phone: self.same("138****0001"),
            change_href: "/login/sms?interaction=ix&other=1".into(),
            rows: vec![
                SmsRow { handle: self.same("h0"), label: RowLabel::Name(self.w("Acme 运维", "Acme Operations")) },
                SmsRow { handle: self.same("h1"), label: RowLabel::Tail(self.same("37")) },
            ],
            other: "other",
        };
        let code = |wait, error| SmsCodePage {
            chrome: self.chrome(),
            form: self.form("/login/sms", error),
            methods: self.methods(1),
            phone: self.same("138****0001"),
            change_href: "/login/sms?interaction=ix&other=1".into(),
            wait,
            remember: Remember::Unticked,
            sign_up_href: Some("/signup?interaction=ix".into()),
        };
        vec![
            sample("sms_phone", &number("", None, None)),
            sample("sms_phone.wrong", &number(&self.same("12345"), Some(PageError::PhoneRequired), None)),
            sample("sms_phone.again", &number("", None, Some(self.root()))),
            sample("sms_phone.tiles", &SmsPhonePage { tiles: self.entries(), ..number("", None, None) }),
            sample("sms_account", &account(None)),
            sample("sms_account.missing", &account(Some(PageError::SelectRequired))),
            sample("sms_code", &code(42, None)),
            sample("sms_code.wrong", &code(0, Some(PageError::BadCode))),
            sample("sms_code.missing", &code(7, Some(PageError::Missing(Field::Code)))),
            sample("sms_code.soon", &code(7, Some(PageError::CodeCooldown { retry_after: 7 }))),
        ]
    }
}
