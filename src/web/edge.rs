//! What every request passes first and every answer last: size of the head,
//! `Host`, request id, security headers, counting, and a net for panics.
//!
//! The server loop and the tests wrap their application in an [`Edge`]. It
//! knows nothing of OAuth. It stands before discovery, which must cost little
//! more than an empty answer: so no task, no lock and few allocations.

use std::future::{Future, Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpResponse};

use super::held_payload::HeldPayload;
use crate::base::SharedEntropy;
use crate::config::Issuer;
use crate::telemetry::{Metrics, RequestId, RequestIds, RouteMetrics, in_request};

/// Bytes of a request's headers, names and values, that are accepted.
const MAX_HEADERS: usize = 16 * 1024;
/// Bytes of a request's target that are accepted.
const MAX_TARGET: usize = 16 * 1024;
/// Paths that answer whatever name they are called by.
const ANY_HOST: [&str; 2] = ["/healthz", "/readyz"];
const TEXT: &str = "text/plain; charset=utf-8";
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The edge of one listener; cheap to clone, one for all workers.
#[derive(Clone)]
pub struct Edge {
    hosts: Arc<[String; 2]>,
    https: bool,
    metrics: Arc<Metrics>,
    entropy: SharedEntropy,
}

impl Edge {
    /// An edge that answers to the issuer's name alone.
    #[must_use]
    pub fn new(issuer: &Issuer, metrics: Arc<Metrics>, entropy: SharedEntropy) -> Self {
        let name = issuer.authority().to_owned();
        // RFC 9110 §4.2.3: naming the default port is the same name.
        let default_port = if issuer.is_https() { ":443" } else { ":80" };
        let has_port = name.rsplit(']').next().is_some_and(|end| end.contains(':'));
        let with_port = if has_port { name.clone() } else { format!("{name}{default_port}") };
        Self { hosts: Arc::new([name, with_port]), https: issuer.is_https(), metrics, entropy }
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Refuses what no route should see.
    fn refusal(&self, head: &RequestHead) -> Option<(StatusCode, &'static str)> {
        let size: usize = head.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > MAX_HEADERS {
            return Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's headers are too large.\n"));
        }
        let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if target > MAX_TARGET {
            return Some((StatusCode::URI_TOO_LONG, "The request's address is too long.\n"));
        }
        let mut named = head.headers().get_all(header::HOST).map(HeaderValue::as_bytes);
        let (host, another) = (named.next(), named.next());
        let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
        let one_name = another.is_none() && (host.is_none() || authority.is_none() || host == authority);
        let Some(name) = host.or(authority).filter(|_| one_name) else {
            return Some((StatusCode::BAD_REQUEST, "The request must name exactly one host.\n"));
        };
        let ours = self.hosts.iter().any(|ours| name.eq_ignore_ascii_case(ours.as_bytes()));
        if ours || ANY_HOST.contains(&head.uri.path()) {
            return None;
        }
        Some((StatusCode::MISDIRECTED_REQUEST, "This server does not answer to that host name.\n"))
    }

    /// Puts the headers on that every answer carries.
    fn dress(&self, headers: &mut HeaderMap, id: RequestId) {
        if let Ok(value) = HeaderValue::from_bytes(&id.text()) {
            headers.insert(REQUEST_ID.clone(), value);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(OPENER_POLICY.clone(), HeaderValue::from_static("same-origin"));
        if self.https {
            let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Edge
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Error = Error;
    type Future = Ready<Result<Self::Transform, ()>>;
    type InitError = ();
    type Response = ServiceResponse<EitherBody<B>>;
    type Transform = EdgeService<S>;

    fn new_transform(&self, service: S) -> Self::Future {
        let worker = Worker {
            edge: self.clone(),
            ids: RequestIds::new(self.entropy.as_ref()),
            unmatched: self.metrics.route("(none)"),
        };
        ready(Ok(EdgeService { service, worker: Rc::new(worker) }))
    }
}

/// What one worker thread keeps.
struct Worker {
    edge: Edge,
    ids: RequestIds,
    unmatched: RouteMetrics,
}

/// The application behind the edge.
pub struct EdgeService<S> {
    service: S,
    worker: Rc<Worker>,
}

impl<S, B> Service<ServiceRequest> for EdgeService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Error = Error;
    type Future = Answer<S::Future>;
    type Response = ServiceResponse<EitherBody<B>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (id, began, method) = (self.worker.ids.next(), Instant::now(), request.method().clone());
        request.extensions_mut().insert(id);
        let body = HeldPayload::take(&mut request);
        let work = match self.worker.edge.refusal(request.head()) {
            Some((status, text)) => {
                let response = HttpResponse::build(status).force_close().content_type(TEXT).body(text);
                Work::Refused(Some(Box::new(request.into_response(response))))
            }
            None => Work::Routed(Box::pin(in_request(Some(id), || self.service.call(request)))),
        };
        Answer { work, worker: Rc::clone(&self.worker), id, began, method, body }
    }
}

enum Work<F> {
    Refused(Option<Box<ServiceResponse>>),
    Routed(Pin<Box<F>>),
}

/// An answer on its way.
pub struct Answer<F> {
    work: Work<F>,
    worker: Rc<Worker>,
    id: RequestId,
    began: Instant,
    method: Method,
    body: Option<HeldPayload>,
}

impl<F, B> Future for Answer<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        let answer = match &mut self.work {
            Work::Refused(response) => response.take().map(|response| Ok(response.map_into_right_body())),
            Work::Routed(work) => {
                match catch_unwind(AssertUnwindSafe(|| in_request(Some(id), || work.as_mut().poll(context)))) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(answer)) => Some(answer.map(ServiceResponse::map_into_left_body)),
                    Err(_panic) => None,
                }
            }
        };
        if let Some(body) = self.body.take() {
            body.release();
        }
        Poll::Ready(match answer {
            Some(Ok(response)) => Ok(self.finish(response)),
            Some(Err(error)) => Err(self.failed(error.error_response())),
            None => Err(self
                .failed(HttpResponse::InternalServerError().content_type(TEXT).body("Something went wrong here.\n"))),
        })
    }
}

impl<F> Answer<F> {
    fn finish<B>(&self, mut response: ServiceResponse<B>) -> ServiceResponse<B> {
        self.worker.edge.dress(response.headers_mut(), self.id);
        let status = response.status();
        if matches!(status.as_u16(), 408 | 413 | 415) {
            // What is left of the body is not read, so the connection cannot be used again.
            response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
        }
        self.count(response.request().app_data(), status);
        response
    }

    /// An answer without a request to hang it on: whoever had it has panicked or given it up.
    fn failed(&self, mut response: HttpResponse) -> Error {
        self.worker.edge.dress(response.headers_mut(), self.id);
        self.count(None, response.status());
        InternalError::from_response("the request was given up", response).into()
    }

    fn count(&self, route: Option<&RouteMetrics>, status: StatusCode) {
        let route = route.unwrap_or(&self.worker.unmatched);
        let took = self.began.elapsed();
        route.observe(self.method.as_str(), status.as_u16(), took);
        in_request(Some(self.id), || {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            let method = route.method_label(self.method.as_str());
            tracing::debug!(target: "menshen::access", method, route = route.pattern(), status = status.as_u16(), micros);
        });
    }
}
