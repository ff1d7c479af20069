//! Which page belongs to a question, and which login page to whom.

use super::outcome::Destination;
use super::policy::{Ask, Asked, Situation};
use super::{Flow, LoginPage, StoredRequest};
use crate::domain::SignIn;
use crate::protocol::LoginMethods;

impl Flow {
    /// The page that belongs to a question.
    pub(super) fn destination(
        &self,
        ask: &Ask,
        name: String,
        (asked, situation): (&Asked, &Situation),
        request: &StoredRequest,
    ) -> Destination {
        match ask {
            Ask::SignUp => Destination::SignUp(name),
            Ask::Choose(_) | Ask::Mismatch(_) => Destination::Choose(name),
            Ask::Login(expected) => {
                // Whom a hint names decides the page for those alone who signed in in
                // this browser before: anybody else would learn whose address it is.
                let hinted = |sign_in: &SignIn| asked.hinted.iter().flatten().any(|id| *id == sign_in.principal.id);
                let known = match expected {
                    Some(id) => situation.sign_ins.iter().find(|sign_in| sign_in.id == *id),
                    None => situation.sign_ins.iter().find(|sign_in| hinted(sign_in)),
                };
                let page = match known {
                    Some(sign_in) => self.again_at(sign_in, &situation.methods_for(sign_in)),
                    None => self.entrance(request, situation),
                };
                Destination::Login { page, interaction: name }
            }
            Ask::ChangePassword(_) => Destination::ChangePassword(name),
            Ask::Agreements(_) => Destination::Terms(name),
            Ask::Consent(_) => Destination::Consent(name),
        }
    }

    /// The login page for a request that means nobody we know: the method that
    /// was named, else the page of the kind that was named, else what the shape
    /// of the hint points to, else the method by which somebody signed in last in
    /// this browser. Of those, the first that the client takes.
    fn entrance(&self, request: &StoredRequest, situation: &Situation) -> LoginPage {
        let last = situation.sign_ins.first().and_then(|sign_in| self.enabled(&sign_in.method));
        let wishes = match &request.asked {
            None => [None, None, None, last],
            Some(asked) => {
                let named = asked.hints.login_method.as_deref().and_then(|method| self.enabled(method));
                let kind = asked.hints.principal_type.as_deref().and_then(|kind| kind.parse().ok());
                let hinted = asked.login_hint.as_deref().map(|hint| LoginPage::hinted(Some(hint)));
                [named, kind.map(LoginPage::of), hinted, last]
            }
        };
        self.first_taken(wishes.into_iter().flatten(), &situation.methods)
    }

    /// Where somebody proves themselves again: by message or at a vendor who signed
    /// in so, everybody else on the page of their kind.
    fn again_at(&self, sign_in: &SignIn, methods: &LoginMethods) -> LoginPage {
        let own = match self.enabled(&sign_in.method) {
            Some(
                page
                @ (LoginPage::Sms | LoginPage::WeChat | LoginPage::Alipay | LoginPage::Taobao | LoginPage::Oidc(_)),
            ) => Some(page),
            Some(LoginPage::Account | LoginPage::SubAccount | LoginPage::Iam | LoginPage::OneTap) | None => None,
        };
        self.first_taken(own.into_iter().chain([LoginPage::of(sign_in.principal.kind)]), methods)
    }

    /// The first of these pages whose method is taken, else the account page, else
    /// the first page whose method is. Where none is, the page of the one tap: it is
    /// for an app, and says so.
    fn first_taken(&self, wishes: impl Iterator<Item = LoginPage>, methods: &LoginMethods) -> LoginPage {
        let mut wishes = wishes.chain([LoginPage::Account]);
        let taken = wishes.find(|page| methods.allow(page.method())).or_else(|| self.first_page(methods));
        let by_app = || methods.allow(LoginPage::OneTap.method()).then_some(LoginPage::OneTap);
        taken.or_else(by_app).unwrap_or(LoginPage::Account)
    }

    /// The page of a method that is switched on.
    fn enabled(&self, method: &str) -> Option<LoginPage> {
        LoginPage::all(&self.registry).find(|page| page.method() == method)
    }
}
