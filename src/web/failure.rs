//! Why a request ends on a page of ours instead of going on, and how that page
//! is sent. Protocol endpoints answer in JSON and do it themselves.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::context::{Context, retry_after};
use super::pages::{ErrorPage, Failing};
use super::{native, respond};
use crate::authn::AuthnError;
use crate::flow::{Destination, FlowError, Problem};
use crate::store::StoreError;

/// What a person is asked to wait when storage is away, in seconds.
const WAIT: u64 = 2;

/// A page that says no.
pub struct Failure {
    failing: Failing,
    status: StatusCode,
    restart: Option<String>,
}

impl Failure {
    /// With the status that goes with it.
    #[must_use]
    pub const fn new(failing: Failing) -> Self {
        Self { status: status(failing), failing, restart: None }
    }

    /// The same, with the page where it can be tried again.
    fn again(failing: Failing, there: Option<&Destination>) -> Self {
        Self { restart: there.map(respond::path), ..Self::new(failing) }
    }

    /// With another status.
    #[must_use]
    pub const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// What a step's error looks like to a person; what it was goes to the log.
    #[must_use]
    pub fn of(error: &FlowError) -> Self {
        match error {
            FlowError::Problem(problem) => Self::of_problem(problem),
            FlowError::Authn(AuthnError::Busy { .. }) => Self::new(Failing::Unavailable { retry_after: WAIT }),
            FlowError::Store(error) | FlowError::Authn(AuthnError::Store(error)) => Self::of_store(error),
            FlowError::Serialise | FlowError::Authn(AuthnError::Notify(_) | AuthnError::Vault(_)) => {
                tracing::error!(%error, "a step failed");
                Self::new(Failing::Internal)
            }
        }
    }

    fn of_problem(problem: &Problem) -> Self {
        match problem {
            Problem::Client(why) => {
                tracing::info!(%why, "a request without a verified way back");
                Self::new(Failing::Unregistered)
            }
            Problem::Unreadable => Self::new(Failing::BadRequest),
            Problem::Gone { restart } => Self { restart: restart.clone(), ..Self::new(Failing::TxExpired) },
            Problem::BadState { again } => Self::again(Failing::BadState, again.as_ref()),
            Problem::NothingToBind { again } => Self::again(Failing::BindExpired, again.as_ref()),
            Problem::Stale => Self::new(Failing::TxExpired).with_status(StatusCode::CONFLICT),
            Problem::Forged => Self::new(Failing::CrossSite),
            Problem::SignUpOff => Self::new(Failing::SignUpOff),
            Problem::NewcomerRefused { again } => Self::again(Failing::NewcomerRefused, again.as_ref()),
            Problem::MethodRefused { again } => Self::again(Failing::MethodRefused, again.as_ref()),
            Problem::SignedOut | Problem::NotFound => Self::new(Failing::NotFound),
        }
    }

    /// Storage in trouble: 503, or a fault of ours.
    #[must_use]
    pub fn of_store(error: &StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        if error.is_unavailable() {
            Self::new(Failing::Unavailable { retry_after: WAIT })
        } else {
            Self::new(Failing::Internal)
        }
    }

    /// The page.
    pub fn answer(self, context: &Context) -> HttpResponse {
        if native::wants_json(&context.request) {
            let mut response = native::refused(self.status, self.failing.code());
            wait(&mut response, self.failing);
            return response;
        }
        let locale = context.locale(&[]);
        let nameless = self.failing == Failing::Unregistered;
        let page = ErrorPage {
            chrome: context.frame(locale),
            failing: self.failing,
            reference: (!nameless).then(|| context.visit.request_id.clone()),
            restart_href: self.restart,
            return_to: None,
        };
        let mut response = context.page(self.status, &page, None);
        wait(&mut response, self.failing);
        response
    }
}

/// Says when to come again.
fn wait(response: &mut HttpResponse, failing: Failing) {
    if let Failing::TooMany { retry_after: seconds } | Failing::Unavailable { retry_after: seconds } = failing {
        retry_after(response, seconds);
    }
}

const fn status(failing: Failing) -> StatusCode {
    match failing {
        Failing::Unregistered | Failing::BadRequest | Failing::TxExpired | Failing::BadState | Failing::BindExpired => {
            StatusCode::BAD_REQUEST
        }
        Failing::CrossSite | Failing::SignUpOff | Failing::NewcomerRefused | Failing::MethodRefused => {
            StatusCode::FORBIDDEN
        }
        Failing::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Failing::NotFound => StatusCode::NOT_FOUND,
        Failing::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Failing::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Failing::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Failing::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
