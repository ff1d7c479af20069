//! What one vendor may hold up: so many calls at a time, and none while it is down.
//!
//! Every waiting call has a connection and its buffers. Without a bound, a vendor
//! that says nothing turns everybody who comes back from it into memory; with one,
//! they wait for a place, within the same time, and those whom no place can reach
//! in time are told so at once. And a vendor that is not there need not be waited
//! for by each of them: after some silent calls in a row it rests, and one call in
//! [`REST`] finds out whether it is back.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use super::OutboundError;

/// Calls to one vendor at a time. A vendor that answers in 300 ms still gets 400 in a second.
const PLACES: usize = 128;
/// Calls that wait for a place: what a vendor that answers in half a second gets done
/// in the five that a page may take.
const QUEUE: usize = 1_024;
/// So many calls in a row without an answer, and the vendor rests.
const SILENT_CALLS: u32 = 20;
/// The least time in which a vendor can be called silent: who got a place late and
/// has less left says nothing about the vendor.
const FAIR: Duration = Duration::from_secs(2);
/// With less time left a call is not begun: its code would be spent for nothing.
const LEAST: Duration = Duration::from_millis(300);
/// A resting vendor is called once in this time.
const REST: Duration = Duration::from_secs(5);

/// The calls to one vendor.
pub(super) struct Lane {
    seats: Semaphore,
    places: Semaphore,
    breaker: Mutex<Breaker>,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            seats: Semaphore::new(PLACES + QUEUE),
            places: Semaphore::new(PLACES),
            breaker: Mutex::new(Breaker::default()),
        }
    }

    /// A place among the calls under way, waited for at most until `deadline`.
    ///
    /// # Errors
    /// [`OutboundError::Resting`] and [`OutboundError::Crowded`] at once; the latter too when no place became free.
    pub(super) async fn enter(&self, deadline: Instant) -> Result<Place<'_>, OutboundError> {
        // Whoever would be refused behind the queue need not stand in it.
        if self.breaker.lock().rests(Instant::now()) {
            return Err(OutboundError::Resting);
        }
        let Ok(seat) = self.seats.try_acquire() else { return Err(OutboundError::Crowded) };
        let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(LEAST);
        let Ok(Ok(place)) = timeout(left, self.places.acquire()).await else { return Err(OutboundError::Crowded) };
        let admitted = self.breaker.lock().admits(Instant::now());
        if admitted == Admission::Refused {
            return Err(OutboundError::Resting);
        }
        Ok(Place { lane: self, probes: admitted == Admission::Probe, _held: (seat, place) })
    }
}

/// Held while a call is under way.
pub(super) struct Place<'a> {
    lane: &'a Lane,
    /// Whether a resting vendor is tried by it, and nothing was heard yet.
    probes: bool,
    _held: (SemaphorePermit<'a>, SemaphorePermit<'a>),
}

impl Place<'_> {
    /// Takes down how the call ended that had so long.
    ///
    /// Only silence counts: nobody reached, or no answer in a fair time. A status, an
    /// answer that makes no sense or a connection cut in the middle may be the doing of
    /// what was sent, and then a stranger could close the door for everybody.
    pub(super) fn ended<T>(mut self, outcome: &Result<T, OutboundError>, given: Duration) {
        let silent = match outcome {
            Err(OutboundError::Failed(error)) if error.is_connect() => true,
            // Too little time to say anything.
            Err(OutboundError::Failed(error)) if error.is_timeout() && given < FAIR => return,
            Err(OutboundError::Failed(error)) => error.is_timeout(),
            Ok(_) | Err(_) => false,
        };
        self.probes = false;
        let change = self.lane.breaker.lock().note(silent, Instant::now());
        match change {
            Some(Change::Rests) => tracing::warn!(calls = SILENT_CALLS, "a vendor is silent and rests"),
            Some(Change::Back) => tracing::info!("a vendor that rested is back"),
            None => {}
        }
    }
}

impl Drop for Place<'_> {
    /// Whoever tried a resting vendor and went away leaves the try to the next.
    fn drop(&mut self) {
        if self.probes {
            self.lane.breaker.lock().give_back(Instant::now());
        }
    }
}

/// What a breaker says to a call.
#[derive(Debug, Eq, PartialEq)]
enum Admission {
    Refused,
    Usual,
    Probe,
}

/// What the operator is told of.
#[derive(Debug, Eq, PartialEq)]
enum Change {
    Rests,
    Back,
}

/// Counts silent calls in a row.
#[derive(Default)]
struct Breaker {
    silent: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    /// May a call go out? The first after a rest does so alone; the next may go a rest
    /// later, or when the first went away unheard.
    fn admits(&mut self, now: Instant) -> Admission {
        if self.rests(now) {
            return Admission::Refused;
        }
        if self.rests_until.is_none() {
            return Admission::Usual;
        }
        self.rests_until = Some(now + REST);
        Admission::Probe
    }

    /// The next call may try at once.
    fn give_back(&mut self, now: Instant) {
        self.rests_until = self.rests_until.map(|_later| now);
    }

    fn note(&mut self, silent: bool, now: Instant) -> Option<Change> {
        if !silent {
            self.silent = 0;
            return self.rests_until.take().map(|_rested| Change::Back);
        }
        self.silent = self.silent.saturating_add(1);
        if self.silent < SILENT_CALLS {
            return None;
        }
        let rested = self.rests_until.replace(now + REST);
        rested.is_none().then_some(Change::Rests)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answering, ok, private};
    use super::*;
    use crate::outbound::{Call, Outbound};
    use url::Url;

    #[test]
    fn a_silent_vendor_rests_and_is_tried_once_in_a_while() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 1..SILENT_CALLS {
            assert!(breaker.note(true, now).is_none() && breaker.admits(now) == Admission::Usual);
        }
        assert_eq!(breaker.note(true, now), Some(Change::Rests));
        let nearly = now + REST - Duration::from_millis(1);
        assert_eq!([breaker.admits(now), breaker.admits(nearly)], [Admission::Refused, Admission::Refused]);
        let later = now + REST;
        assert_eq!(breaker.admits(later), Admission::Probe, "one finds out");
        assert_eq!(breaker.admits(later), Admission::Refused, "one alone");
        breaker.give_back(later);
        assert_eq!(breaker.admits(later), Admission::Probe, "the first went away and left it to the next");
        assert!(breaker.note(true, later).is_none() && breaker.admits(later) == Admission::Refused, "still silent");
        assert_eq!(breaker.admits(later + REST), Admission::Probe);
        assert_eq!(breaker.note(false, later + REST), Some(Change::Back));
        assert_eq!(breaker.admits(later + REST), Admission::Usual);
    }

    #[test]
    fn one_answer_among_silent_calls_begins_the_count_anew() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..SILENT_CALLS * 3 {
            assert!(breaker.note(true, now).is_none() && breaker.note(false, now).is_none());
        }
        assert_eq!(breaker.admits(now), Admission::Usual);
    }

    #[tokio::test]
    async fn what_a_stranger_can_cause_does_not_count() {
        let calls = usize::try_from(SILENT_CALLS).unwrap() * 2;
        let cut = (0..calls).map(|at| if at % 2 == 0 { String::new() } else { "SSH-2.0-x\r\n".to_owned() });
        let (address, _serving) = answering(cut.chain([ok("here")]).collect());
        let (vendor, url) = (private().lane(), Url::parse(&format!("http://{address}/")).unwrap());
        for _ in 0..calls {
            let error = vendor.send(Call::get(url.clone())).await.err().unwrap();
            assert!(matches!(error, OutboundError::Failed(_)), "{error}");
        }
        assert_eq!(vendor.send(Call::get(url)).await.unwrap().body, b"here");
    }

    #[tokio::test]
    async fn a_vendor_that_is_not_there_is_soon_not_called_and_others_are() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (vendor, url) = (private().lane(), Url::parse(&format!("http://{closed}/")).unwrap());
        for _ in 0..SILENT_CALLS {
            let error = vendor.send(Call::get(url.clone())).await.err().unwrap();
            assert!(matches!(error, OutboundError::Failed(_)), "{error}");
        }
        let error = vendor.clone().send(Call::get(url.clone())).await.err().unwrap();
        assert!(matches!(error, OutboundError::Resting) && error.never_left(), "{error}");
        let error = vendor.lane().send(Call::get(url)).await.err().unwrap();
        assert!(matches!(error, OutboundError::Failed(_)), "another vendor is not held against it: {error}");
    }

    /// Free places, and free seats of those who have one or wait for it.
    fn free(vendor: &Outbound) -> [usize; 2] {
        let lane = vendor.lane.as_ref().unwrap();
        [lane.places.available_permits(), lane.seats.available_permits()]
    }

    #[tokio::test]
    async fn no_more_than_the_places_are_under_way_and_the_rest_waits_no_longer_than_it_may() {
        let (address, _serving) = answering(vec!["…".to_owned(); PLACES]);
        let (vendor, url) = (private().lane(), Url::parse(&format!("http://{address}/")).unwrap());
        let patient = Duration::from_secs(4);
        let mut calls = tokio::task::JoinSet::new();
        let call = |within| {
            let (vendor, call) = (vendor.clone(), Call::get(url.clone()).within(within));
            async move { vendor.send(call).await.err().unwrap() }
        };
        (0..PLACES).for_each(|_| drop(calls.spawn(call(patient))));
        while free(&vendor)[0] > 0 {
            tokio::task::yield_now().await;
        }
        let begun = Instant::now();
        let late = call(Duration::from_millis(500)).await;
        assert!(matches!(late, OutboundError::Crowded) && late.never_left(), "{late}");
        assert!(begun.elapsed() >= Duration::from_millis(200), "it waited as long as it might");
        let mut waiting = tokio::task::JoinSet::new();
        (0..QUEUE).for_each(|_| drop(waiting.spawn(call(Duration::from_millis(1_500)))));
        while free(&vendor)[1] > 0 {
            tokio::task::yield_now().await;
        }
        let begun = Instant::now();
        assert!(matches!(call(patient).await, OutboundError::Crowded));
        assert!(begun.elapsed() < Duration::from_millis(100), "whom no place can reach is told so at once");
        for error in waiting.join_all().await {
            assert!(matches!(error, OutboundError::Crowded), "{error}");
        }
        for error in calls.join_all().await {
            assert!(!error.never_left(), "its time is over, and it may have been heard: {error}");
        }
        assert_eq!(free(&vendor), [PLACES, PLACES + QUEUE]);
    }

    #[tokio::test]
    async fn calls_that_got_their_place_late_say_nothing_about_the_vendor() {
        let calls = usize::try_from(SILENT_CALLS).unwrap() * 2;
        let (address, _serving) = answering(vec!["…".to_owned(); calls]);
        let (vendor, url) = (private().lane(), Url::parse(&format!("http://{address}/")).unwrap());
        let mut late = tokio::task::JoinSet::new();
        for _ in 0..calls {
            let (vendor, call) = (vendor.clone(), Call::get(url.clone()).within(Duration::from_millis(500)));
            late.spawn(async move { vendor.send(call).await.err().unwrap() });
        }
        for error in late.join_all().await {
            assert!(matches!(error, OutboundError::Failed(_)), "{error}");
        }
        assert_eq!(vendor.lane.as_ref().unwrap().breaker.lock().admits(Instant::now()), Admission::Usual);
    }
}
