//! HTTP on one side, [`Call`]s and answers on the other; and the ways in which
//! a connection can fail.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures_core::Stream;

use super::call::{Call, Reply, decode};
use super::play::{Answer, Delivery, plain, play};
use super::vendor::Vendor;
use super::world::World;
use super::{control, ui};

const MAX_BODY: usize = 1024 * 1024;
/// As long as vendors keep idle connections.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// A body that is far too long, and its pieces.
const HUGE: usize = 64 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// The server over a listener; not yet running.
pub fn server(listener: TcpListener, world: Arc<World>) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::from(Arc::clone(&world)))
            .app_data(PayloadConfig::new(MAX_BODY))
            .default_service(web::to(handle))
    });
    Ok(server.workers(1).keep_alive(KEEP_ALIVE).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

async fn handle(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    let call = call_of(&request, &body);
    let delivery = match (Vendor::of(&call.path), call.segments().as_slice()) {
        (Some(vendor), _) => play(&world, vendor, call).await,
        (None, _) if !call.peer.is_some_and(|peer| peer.is_loopback()) => {
            plain(&world, Reply::missing("page").status(403).refused("not from this machine"))
        }
        (None, ["__sim", "ui", ..]) => plain(&world, ui::answer(&world, &call).await),
        (None, ["__sim", ..]) => plain(&world, control::answer(&world, &call).await),
        (None, []) => plain(&world, Reply::see_other("/__sim/ui")),
        (None, _) => plain(&world, Reply::missing("page")),
    };
    deliver(delivery)
}

fn call_of(request: &HttpRequest, body: &Bytes) -> Call {
    let headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_lowercase(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let is_form = headers
        .iter()
        .any(|(name, value)| name == "content-type" && value.starts_with("application/x-www-form-urlencoded"));
    Call {
        method: request.method().as_str().to_owned(),
        path: request.path().to_owned(),
        raw_query: request.query_string().to_owned(),
        query: decode(request.query_string().as_bytes()),
        form: if is_form { decode(body) } else { Vec::new() },
        headers,
        body: body.to_vec(),
        peer: request.peer_addr().map(|peer| peer.ip()),
        fault: None,
    }
}

fn deliver(delivery: Delivery) -> HttpResponse {
    match delivery {
        Delivery::Whole(answer) => head(&answer).body(answer.bytes),
        Delivery::Cut(answer) => {
            let whole = answer.bytes.len().max(2);
            let half = answer.bytes.get(..answer.bytes.len() / 2).unwrap_or_default().to_vec();
            let length = u64::try_from(whole).unwrap_or(u64::MAX);
            head(&answer).no_chunking(length).streaming(Broken { first: Some(half.into()), waited: false })
        }
        Delivery::Dropped => HttpResponse::Ok().streaming(Broken { first: None, waited: true }),
        Delivery::Huge => HttpResponse::Ok().content_type("application/json").streaming(Blanks { left: HUGE }),
    }
}

fn head(answer: &Answer) -> actix_web::HttpResponseBuilder {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut head = HttpResponse::build(status);
    for (name, value) in &answer.headers {
        head.append_header((*name, value.as_str()));
    }
    head.content_type(answer.mime);
    head
}

/// A body that breaks off: the connection is closed without a proper end.
struct Broken {
    first: Option<Bytes>,
    /// Whether what was written has had its chance to leave.
    waited: bool,
}

impl Stream for Broken {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if !std::mem::replace(&mut self.waited, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

/// A body of blanks.
struct Blanks {
    left: usize,
}

impl Stream for Blanks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left = self.left.saturating_sub(PIECE);
        Poll::Ready(Some(Ok(vec![b' '; PIECE].into())))
    }
}
