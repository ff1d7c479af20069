//! Fills the login pages from what `flow` knows.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::context::Context;
use super::pages::{
    Agreement, Agreements, Entry, Failing, Form, IamAccount, IamNamePage, IamPasswordPage, Locale, LoginFace,
    LoginPage as Card, MethodLink, PageError, Place, ReauthPage, Remember, WebLink,
};
use super::{people, respond, routes, sms};
use crate::authn::{self, Provider};
use crate::flow::{Facts, LoginPage, LoginView, ResetPolicy, View};
use crate::protocol::RawParams;

/// A form that was refused, and what was in it.
pub struct Refused<'a> {
    /// Why.
    pub error: PageError,
    /// The name that was typed.
    pub typed: &'a str,
    /// Everything that was posted.
    pub form: &'a RawParams,
}

/// The page of a login method, in the state it is in.
pub fn render(
    context: &Context,
    page: LoginPage,
    account: Option<&str>,
    view: &LoginView,
    refused: Option<&Refused<'_>>,
) -> HttpResponse {
    let filled = Filled { context, page, account, view, refused };
    let redirect_uri = view.view.redirect_uri.as_deref();
    match (&view.expected, page) {
        (Some(facts), _) if LoginPage::of(facts.principal.kind) == page && filled.is_again() => {
            context.page(StatusCode::OK, &filled.again(facts), redirect_uri)
        }
        (_, LoginPage::Account) => context.page(StatusCode::OK, &filled.card(LoginFace::Account), redirect_uri),
        (_, LoginPage::Sms) => sms::render(&filled),
        (_, LoginPage::SubAccount) => context.page(StatusCode::OK, &filled.card(LoginFace::SubAccount), redirect_uri),
        (_, LoginPage::Iam) => match filled.full_name() {
            Some(upn) => context.page(StatusCode::OK, &filled.iam_password(upn), redirect_uri),
            None => context.page(StatusCode::OK, &filled.iam_name(), redirect_uri),
        },
        // Pages of vendors are web::upstream's; nothing leads here.
        (_, LoginPage::WeChat | LoginPage::Alipay | LoginPage::Taobao | LoginPage::Oidc(_) | LoginPage::OneTap) => {
            context.failing(Failing::NotFound)
        }
    }
}

/// A page, and what it is filled from.
pub(super) struct Filled<'a> {
    pub context: &'a Context,
    page: LoginPage,
    account: Option<&'a str>,
    pub view: &'a LoginView,
    pub refused: Option<&'a Refused<'a>>,
}

impl Filled<'_> {
    fn card(&self, face: LoginFace) -> Card {
        Card {
            chrome: self.context.chrome(Some(&self.view.view)),
            form: self.form(),
            face,
            methods: self.methods(),
            username: self.typed(),
            remember: self.remember(),
            agreements: self.agreements(),
            tiles: self.tiles(),
            tiles_action: routes::ACCOUNTS.to_owned(),
            forgot_href: self.forgot(),
            sign_up_href: self.sign_up(),
        }
    }

    fn iam_name(&self) -> IamNamePage {
        let stored = self.view.upn().filter(|upn| !upn.contains('@') && !self.wants_another());
        let account = match (self.account, stored) {
            (Some(account), _) => {
                IamAccount::Given { account: account.to_owned(), elsewhere_href: self.link(LoginPage::Iam) }
            }
            (None, Some(_)) => IamAccount::Asked { typed: self.posted(authn::form::ACCOUNT) },
            (None, None) => IamAccount::InName,
        };
        let username = match (self.refused, stored) {
            (None, Some(stored)) => stored.to_owned(),
            (Some(_), _) | (None, None) => self.typed(),
        };
        let form = Form { action: self.action(), ..self.form() };
        IamNamePage {
            chrome: self.context.chrome(Some(&self.view.view)),
            form,
            methods: self.methods(),
            username,
            account,
            tiles: self.tiles(),
            tiles_action: routes::ACCOUNTS.to_owned(),
        }
    }

    fn iam_password(&self, upn: String) -> IamPasswordPage {
        IamPasswordPage {
            chrome: self.context.chrome(Some(&self.view.view)),
            form: self.form(),
            methods: self.methods(),
            upn,
            change_href: format!("{}&other=1", self.link(LoginPage::Iam)),
            remember: self.remember(),
        }
    }

    fn again(&self, facts: &Facts) -> ReauthPage {
        let other = (!self.view.locked_to).then(|| format!("{}&other=1", self.link(LoginPage::Account)));
        ReauthPage {
            chrome: self.context.chrome(Some(&self.view.view)),
            form: self.form(),
            person: people::person(facts),
            username: people::username(facts),
            other_href: other,
        }
    }

    /// Whether the known account is meant, and not the link to another one.
    fn is_again(&self) -> bool {
        let typed = self.refused.map(|refused| refused.typed).filter(|typed| !typed.is_empty());
        !self.wants_another() && self.view.again(typed).is_some()
    }

    /// Whether the person followed the link to another account.
    pub(super) fn wants_another(&self) -> bool {
        self.context.query.optional("other").is_some()
    }

    /// The name for the second step of an IAM user's login, once it is whole.
    fn full_name(&self) -> Option<String> {
        let stored = self.view.upn().map(str::to_owned).filter(|upn| upn.contains('@') && !self.wants_another());
        match self.refused {
            Some(refused) if refused.form.optional(authn::form::PASSWORD).is_some() || stored.is_some() => {
                stored.or_else(|| Some(refused.typed.to_owned()).filter(|typed| typed.contains('@')))
            }
            Some(_) => None,
            None => stored,
        }
    }

    pub(super) fn form(&self) -> Form {
        Form {
            action: self.action(),
            interaction: Some(self.view.view.interaction.clone()),
            csrf: self.view.view.csrf.clone(),
            error: self.refused.map(|refused| refused.error),
        }
    }

    fn action(&self) -> String {
        self.context.request.path().to_owned()
    }

    /// What was typed, here or on another page, else what the client suggested,
    /// where this page is the one for it.
    pub(super) fn typed(&self) -> String {
        let view = &self.view.view;
        let kept = view.typed.as_deref().filter(|typed| self.page.takes_contact(typed));
        let hint = view.login_hint.as_deref().filter(|hint| self.page.takes(hint) && hint.contains('@'));
        let before = || kept.or(hint).map(str::to_owned);
        self.refused.map(|refused| refused.typed.to_owned()).or_else(before).unwrap_or_default()
    }

    fn posted(&self, field: &str) -> String {
        self.refused.and_then(|refused| refused.form.optional(field)).unwrap_or_default().to_owned()
    }

    pub(super) fn remember(&self) -> Remember {
        match self.refused {
            Some(refused) if refused.form.optional("remember").is_some() => Remember::Ticked,
            Some(_) | None => Remember::Unticked,
        }
    }

    fn agreements(&self) -> Agreements {
        let locale = self.context.locale(&self.view.view.ui_locales);
        let ticked = self.refused.is_some_and(|refused| refused.form.optional(authn::form::AGREE).is_some());
        Agreements { documents: documents(self.context, locale), ticked }
    }

    /// The accounts of this browser that may be meant.
    pub(super) fn tiles(&self) -> Vec<Entry> {
        self.view.tiles.iter().map(people::choice).collect()
    }

    /// Every method that is switched on and taken, in the order of the registry, this page's marked.
    pub(super) fn methods(&self) -> Vec<MethodLink> {
        method_links(self.context, &self.view.view, self.page)
    }

    /// Where a forgotten password is replaced.
    fn forgot(&self) -> Option<String> {
        let open = self.context.app.flow.settings.reset == ResetPolicy::Open;
        open.then(|| respond::of_interaction(routes::RESET, &self.view.view.interaction))
    }

    /// Where accounts are made by oneself: main accounts alone are.
    pub(super) fn sign_up(&self) -> Option<String> {
        let is_theirs = matches!(self.page, LoginPage::Account | LoginPage::Sms);
        (is_theirs && self.view.view.offers_sign_up())
            .then(|| respond::of_interaction(routes::SIGN_UP, &self.view.view.interaction))
    }

    pub(super) fn link(&self, page: LoginPage) -> String {
        respond::of_interaction(&page.path(), &self.view.view.interaction)
    }
}

/// Links to every method that is switched on, has a page, and is taken by the
/// client, `current` marked.
pub fn method_links(context: &Context, view: &View, current: LoginPage) -> Vec<MethodLink> {
    let locale = context.locale(&view.ui_locales);
    let link = |page: LoginPage| {
        let href = respond::of_interaction(&page.path(), &view.interaction);
        let link = match page {
            LoginPage::Account => MethodLink::account(locale, href),
            LoginPage::Sms => MethodLink::sms(locale, href),
            LoginPage::SubAccount => MethodLink::sub_account(locale, href),
            LoginPage::Iam => MethodLink::iam(locale, href),
            LoginPage::WeChat | LoginPage::Alipay | LoginPage::Taobao | LoginPage::Oidc(_) | LoginPage::OneTap => {
                match context.app.flow.label_of(page.method(), locale.language()) {
                    Some(label) => MethodLink::new(Place::Button, href, label),
                    None => MethodLink::vendor(locale, Provider::of(page.method()), href),
                }
            }
        };
        if page == current { link.current() } else { link }
    };
    let taken = |page: &LoginPage| view.methods.allow(page.method());
    LoginPage::all(&context.app.flow.registry).filter(taken).map(link).collect()
}

/// The documents that everybody agrees to.
pub fn documents(context: &Context, locale: Locale) -> Vec<Agreement> {
    let configured = &context.app.config.agreements;
    let link = |url: &Option<String>| url.as_deref().and_then(WebLink::parse);
    let (terms, privacy) = match locale {
        Locale::ZhCn => (&configured.terms_title_zh, &configured.privacy_title_zh),
        Locale::En => (&configured.terms_title_en, &configured.privacy_title_en),
    };
    vec![Agreement::new(terms, link(&configured.terms_url)), Agreement::new(privacy, link(&configured.privacy_url))]
}
