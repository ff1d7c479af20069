//! Signing in by text message: the pages, and the phone on which codes arrive.

use std::time::Duration;

use menshen::base::Clock;
use menshen::notify::{Channel, Content, Letter};
use menshen::store::outbox;

use super::answer::Answer;
use super::browser::Browser;
use super::idp::TestIdp;

/// A gateway to which nobody listens: letters stay in the outbox.
pub const GATEWAY: [(&str, &str); 5] = [
    ("sms.provider", "aliyun"),
    ("sms.access_key_id", "id"),
    ("sms.access_key_secret", "secret"),
    ("sms.sign_name", "门神"),
    ("sms.templates", "login=SMS_1,bind=SMS_2,sign_up=SMS_3,reset=SMS_4"),
];

pub const OTHER: &str = "other";

/// A provider that sends text messages, with more settings.
pub async fn idp_with(backend: super::database::Backend, settings: &[(&str, &str)]) -> TestIdp {
    let settings: Vec<_> = GATEWAY.into_iter().chain(settings.iter().copied()).collect();
    TestIdp::configured(backend, &settings).await
}

/// Takes every letter out of the outbox: numbers with their codes, oldest first.
/// What says nothing is left out.
pub async fn codes(idp: &TestIdp) -> Vec<(String, String)> {
    let until = idp.clock().now() + Duration::from_secs(60);
    let rows = idp
        .write(move |tx| {
            let rows = outbox::claim(tx, &["sms"], until, 10_000)?;
            for row in &rows {
                outbox::done(tx, row.id, until)?;
            }
            Ok(rows)
        })
        .await;
    let open =
        |row: &outbox::OutboxRow| -> Letter { idp.post.open(Channel::Sms, &row.once_key, &row.payload).unwrap() };
    rows.iter()
        .filter_map(|row| match open(row) {
            Letter { to, content: Content::Code { code, .. }, .. } => Some((to, code)),
            Letter { .. } => None,
        })
        .collect()
}

/// The one code that is on its way.
pub async fn code(idp: &TestIdp) -> String {
    let mut codes = codes(idp).await;
    assert_eq!(codes.len(), 1, "codes on their way");
    codes.remove(0).1
}

/// Some code that is not `code`.
pub fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

impl Browser {
    /// Opens the first page of a login without a client and types a number; not followed.
    pub async fn type_phone(&self, phone: &str) -> Answer {
        let page = self.open("/login/sms").await;
        self.submit(&page, &[("phone", phone)]).await
    }

    /// The same, on to the rows.
    pub async fn rows_of(&self, phone: &str) -> Answer {
        let answer = self.type_phone(phone).await;
        let page = self.follow(answer).await;
        assert!(page.has("input[type=radio][name=account]"), "no rows: {}", page.body);
        page
    }

    /// The page of the code for any account of a number.
    pub async fn asks_for_code(&self, phone: &str) -> Answer {
        let rows = self.rows_of(phone).await;
        let answer = self.submit(&rows, &[("account", OTHER)]).await;
        self.follow(answer).await
    }

    /// Presses "resend" on the page of the code; not followed.
    pub async fn resend(&self, page: &Answer) -> Answer {
        let mut form = page.form();
        form.fields.remove("code");
        form.fields.insert("resend".into(), "1".into());
        self.post_form(&form).await
    }
}

/// What the rows of a page send and say, in their order.
pub fn rows(page: &Answer) -> Vec<(String, String)> {
    let handles = page.attributes("input[type=radio][name=account]", "value");
    let said = |at: usize| {
        let selector = if handles[at] == OTHER {
            "label[for=account-other]".into()
        } else {
            format!("label[for=account-{}]", at + 1)
        };
        page.text(&selector).unwrap()
    };
    handles.iter().enumerate().map(|(at, handle)| (handle.clone(), said(at))).collect()
}
