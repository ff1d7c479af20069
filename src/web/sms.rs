//! Fills the three pages of `/login/sms`: the number, the account, the code.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::login_pages::Filled;
use super::pages::{RowLabel, SmsAccountPage, SmsCodePage, SmsPhonePage, SmsRow, mask, whole_seconds};
use super::{people, routes};
use crate::authn::form::{ACCOUNT, CODE, PHONE, RESEND};
use crate::authn::{self, ChoiceRow, OTHER_ACCOUNT, SentCode, Step};
use crate::flow::LoginPage;
use crate::protocol::RawParams;

/// Whether a form holds the fields of two pages at once. None of ours does: the
/// number and the account of a code are the interaction's, not the form's.
pub(super) fn is_mixed(form: &RawParams) -> bool {
    [PHONE, ACCOUNT, CODE, RESEND].iter().filter(|name| form.optional(name).is_some()).count() > 1
}

/// The page that the login stands at.
pub(super) fn render(filled: &Filled<'_>) -> HttpResponse {
    let (context, view) = (filled.context, &filled.view.view);
    let step = filled.view.step.as_ref().map(|asked| &asked.step);
    let phone = filled.view.phone.as_deref().map(mask::phone).unwrap_or_default();
    let typed = filled.refused.filter(|refused| refused.form.optional(PHONE).is_some());
    let again = typed.is_some() || filled.wants_another();
    let to = view.redirect_uri.as_deref();
    match step.filter(|_| !again) {
        Some(Step::SmsAccount { rows, .. }) => context.page(StatusCode::OK, &account(filled, phone, rows), to),
        Some(Step::SmsCode { sent, .. }) => context.page(StatusCode::OK, &code(filled, phone, sent), to),
        Some(Step::Account { .. } | Step::Password { .. }) | None => {
            let again = filled.view.expected.as_ref().filter(|_| !filled.wants_another());
            let page = SmsPhonePage {
                chrome: context.chrome(Some(view)),
                form: filled.form(),
                methods: filled.methods(),
                phone: typed.map_or_else(|| filled.typed(), |refused| refused.typed.to_owned()),
                again: again.map(people::person),
                sign_up_href: filled.sign_up(),
                tiles: filled.tiles(),
                tiles_action: routes::ACCOUNTS.to_owned(),
            };
            context.page(StatusCode::OK, &page, to)
        }
    }
}

fn account(filled: &Filled<'_>, phone: String, rows: &[ChoiceRow]) -> SmsAccountPage {
    let row = |row: &ChoiceRow| SmsRow {
        handle: row.handle.clone(),
        label: match &row.label {
            authn::RowLabel::Tail(digits) => RowLabel::Tail(digits.clone()),
            authn::RowLabel::Name(name) => RowLabel::Name(name.clone()),
        },
    };
    SmsAccountPage {
        chrome: filled.context.chrome(Some(&filled.view.view)),
        form: filled.form(),
        methods: filled.methods(),
        phone,
        change_href: change(filled),
        rows: rows.iter().map(row).collect(),
        other: OTHER_ACCOUNT,
    }
}

fn code(filled: &Filled<'_>, phone: String, sent: &SentCode) -> SmsCodePage {
    let now = filled.context.visit.now;
    SmsCodePage {
        chrome: filled.context.chrome(Some(&filled.view.view)),
        form: filled.form(),
        methods: filled.methods(),
        phone,
        change_href: change(filled),
        wait: whole_seconds(sent.resend_at.since(now)),
        remember: filled.remember(),
        sign_up_href: filled.sign_up(),
    }
}

/// To the first page, for another number.
fn change(filled: &Filled<'_>) -> String {
    format!("{}&other=1", filled.link(LoginPage::Sms))
}
