//! Logins at a vendor: the page that people leave from, the callback that they
//! come back to, and the posts of native apps.
//!
//! Leaving changes nothing: the state knows all that is needed. Coming back uses
//! the state first, in a transaction of its own, and asks the vendor after it,
//! outside of any: however that ends, the same state asks no second time.

use super::interaction::Ticks;
use super::login::{Entered, PostedLogin, Submission};
use super::login_page::{LoginPage, LoginView};
use super::outcome::{Destination, FlowError, Problem};
use super::{Flow, Visit};
use crate::authn::upstream::{Bound, Presented, Returned};
use crate::authn::{Arrival, Departure, KnownBrowser, Place, Rejection, Route, Wanted};
use crate::base::id::{BrowserId, InteractionId};
use crate::domain::{Language, SignIn, SignInState};
use crate::protocol::{AuthorizationRequest, Prompt, RawParams};
use crate::session::Recognised;

/// What the page shows that people leave from.
pub struct DepartureView {
    /// The interaction's part.
    pub login: LoginView,
    /// Where they go; `None`: not in this browser.
    pub route: Result<Option<Route>, Rejection>,
}

/// A state that came back to its own browser.
struct Welcome {
    browser: BrowserId,
    returned: Returned,
}

impl Flow {
    /// The page of a method whose proof is given at a vendor.
    ///
    /// # Errors
    /// [`Problem::Gone`] when the interaction is over, [`Problem::NotFound`] for
    /// a method that is switched off, [`Problem::MethodRefused`] for one that the
    /// client does not take; [`FlowError::Store`] in trouble.
    pub async fn departure(&self, visit: Visit, page: LoginPage, name: String) -> Result<DepartureView, FlowError> {
        let authenticator = self.registry.find(page.method()).ok_or(Problem::NotFound)?;
        let entered = self.enter_login(visit.clone(), name).await?;
        self.is_offered(&entered.view.view, page.method())?;
        let place = Place::of(&visit.user_agent);
        let bound = Bound {
            browser: entered.interaction.browser.id,
            interaction: entered.interaction.id,
            method: page.method(),
            place,
        };
        let state = self.upstream.state(bound, visit.now, self.entropy.as_ref());
        let (nonce, verifier) = self.upstream.secrets_of(&state);
        let departure = Departure {
            place,
            redirect_uri: &self.callback_of(page),
            state: &state,
            nonce: &nonce,
            verifier: &verifier,
            language: visit.language(&entered.view.view.ui_locales),
            wanted: self.wanted(&entered, page).await?,
        };
        let route = authenticator.depart(&departure).await;
        Ok(DepartureView { login: entered.view, route })
    }

    /// What the vendor is to ask: a new proof where one is wanted here, or where
    /// somebody who came this way signed out in this browser; which account, where
    /// that was asked for. Else a sign-out here would be undone by a click.
    async fn wanted(&self, entered: &Entered, page: LoginPage) -> Result<Wanted, FlowError> {
        let asked = entered.interaction.request.asked.as_ref();
        if entered.view.expected.is_some() || asked.is_some_and(AuthorizationRequest::is_anew) {
            return Ok(Wanted::Proved);
        }
        let browser = entered.interaction.browser.clone();
        let rows = self.store.read(move |tx| browser.sign_ins(tx)).await?;
        let left = |row: &SignIn| row.stored_state == SignInState::SignedOut && row.method == page.method();
        Ok(if rows.iter().any(left) {
            Wanted::Proved
        } else if asked.is_some_and(|asked| asked.prompts.contains(Prompt::SelectAccount)) {
            Wanted::Chosen
        } else {
            Wanted::Anybody
        })
    }

    /// What the configuration calls a method, if it does.
    #[must_use]
    pub fn label_of(&self, method: &str, language: Language) -> Option<&str> {
        self.registry.find(method).and_then(|method| method.label(language))
    }

    /// Takes somebody back from a vendor.
    ///
    /// # Errors
    /// [`Problem::BadState`] for a state that is not this browser's, not this
    /// method's, late or used: then nobody is asked anything. [`crate::authn::AuthnError::Busy`]
    /// when a crowd came back at once: then nothing is used. Otherwise as [`Flow::login`].
    pub async fn arrive(&self, visit: Visit, page: LoginPage, params: RawParams) -> Result<Submission, FlowError> {
        let authenticator = self.registry.find(page.method()).ok_or(Problem::NotFound)?;
        let _arriving = self.upstream.admit(page.method(), visit.address)?;
        let Welcome { browser, returned } = self.welcome(&visit, page, &params).await?;
        let name = self.second_name(browser, returned.interaction);
        let entered = Box::pin(self.enter_login(visit.clone(), name.clone())).await?;
        self.is_offered(&entered.view.view, page.method())?;
        let (upstream, used) = (self.upstream.clone(), returned.clone());
        if !self.store.write(move |tx| upstream.use_state(tx, &used)).await? {
            return Err(Problem::BadState { again: Some(Destination::Login { page, interaction: name }) }.into());
        }
        let (nonce, verifier) = self.upstream.secrets_of_returned(&returned);
        let arrival = Arrival {
            place: returned.place,
            redirect_uri: &self.callback_of(page),
            params: &params,
            nonce: &nonce,
            verifier: &verifier,
        };
        let known = KnownBrowser::seen(entered.interaction.browser.id, entered.known.clone());
        let attempt = self.attempt(&visit, &entered, (&known, page.method()));
        let arrived = authenticator.arrive(&attempt, &arrival).await;
        self.count_login(authenticator.method().name, &arrived);
        Box::pin(self.progressed(visit.clone(), page, entered, (arrived?, Ticks::default()))).await
    }

    /// Looks at what a native app got from a vendor's SDK.
    ///
    /// # Errors
    /// [`crate::authn::AuthnError::Busy`] when a crowd came at once: then nothing is used. Otherwise as [`Flow::login`].
    pub async fn app_login(&self, visit: Visit, page: LoginPage, posted: PostedLogin) -> Result<Submission, FlowError> {
        let entered = Box::pin(self.enter_login(visit.clone(), posted.interaction)).await?;
        Self::is_own_form(&entered.view.view.csrf, &posted.csrf)?;
        self.is_offered(&entered.view.view, page.method())?;
        let authenticator = self.registry.find(page.method()).ok_or(Problem::NotFound)?;
        let _arriving = self.upstream.admit(page.method(), visit.address)?;
        let ticks = Ticks { stay: posted.stay, agreed: posted.fields.agreed().is_ok() };
        let known = KnownBrowser::seen(entered.interaction.browser.id, entered.known.clone());
        let attempt = self.attempt(&visit, &entered, (&known, page.method()));
        let answered = authenticator.answer(&attempt, &posted.fields).await;
        self.count_login(authenticator.method().name, &answered);
        Box::pin(self.progressed(visit.clone(), page, entered, (answered?, ticks))).await
    }

    /// Whether a state is this browser's and this method's, and in time.
    async fn welcome(&self, visit: &Visit, page: LoginPage, params: &RawParams) -> Result<Welcome, FlowError> {
        let foreign = || FlowError::from(Problem::BadState { again: None });
        let state = params.optional("state").filter(|_| params.repeated().is_none()).ok_or_else(foreign)?;
        let (browsers, cookie, now) = (self.browsers.clone(), visit.cookie.clone(), visit.now);
        let recognised = self.store.read(move |tx| browsers.recognise(tx, cookie.as_deref(), now)).await?;
        let Recognised::Known(browser) = recognised else {
            return Err(foreign());
        };
        let again = |interaction: InteractionId| {
            let interaction = self.second_name(browser.id, interaction);
            Problem::BadState { again: Some(Destination::Login { page, interaction }) }
        };
        match self.upstream.read_state(state, browser.id, page.method(), now) {
            Presented::Good(returned) => Ok(Welcome { browser: browser.id, returned }),
            Presented::Late(interaction) => Err(again(interaction).into()),
            Presented::Foreign => Err(foreign()),
        }
    }

    /// Where a vendor sends people back: registered there, so made of the
    /// issuer and the method alone.
    fn callback_of(&self, page: LoginPage) -> String {
        format!("{}{}/callback", self.settings.issuer, page.path())
    }
}
