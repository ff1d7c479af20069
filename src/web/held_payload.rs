//! Keeps the body of a chunked request alive until its answer is on the way.
//!
//! When a handler drops a chunked body unread, actix-http reads on and throws
//! away, without end if the client sends without end. A body that is still held
//! when the answer goes out makes it close the connection instead. Used by the
//! edge alone.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, rt};
use futures_core::Stream;

/// Long enough for the answer to be written, which happens in the same turn of the loop.
const AFTER_ANSWER: Duration = Duration::from_secs(1);

/// A body that its handler and the edge share.
#[derive(Clone)]
pub(super) struct HeldPayload(Rc<RefCell<Inner>>);

struct Inner {
    payload: Payload,
    ended: bool,
}

impl HeldPayload {
    /// Takes hold of the body, if it is a chunked one.
    pub(super) fn take(request: &mut ServiceRequest) -> Option<Self> {
        if !request.headers().contains_key(TRANSFER_ENCODING) {
            return None;
        }
        let held = Self(Rc::new(RefCell::new(Inner { payload: request.take_payload(), ended: false })));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }

    /// Lets go: at once of a body that was read to its end, else after the answer.
    pub(super) fn release(self) {
        if !self.0.borrow().ended {
            rt::spawn(async move {
                tokio::time::sleep(AFTER_ANSWER).await;
                drop(self);
            });
        }
    }
}

impl Stream for HeldPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.0.borrow_mut();
        let next = Pin::new(&mut inner.payload).poll_next(context);
        inner.ended |= matches!(next, Poll::Ready(None));
        next
    }
}
