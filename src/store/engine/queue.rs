//! A bounded queue between callers and the threads that own connections.
//! A full queue refuses at once: waiting longer than the deadline helps nobody.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::error::Trouble;

/// What a bounded wait ended with.
pub(super) enum Popped<T> {
    /// The oldest item.
    Item(T),
    /// Nothing came in time.
    Quiet,
    /// The queue is closed and empty.
    Closed,
}

/// First in, first out, up to a limit.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    arrived: Condvar,
    limit: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(limit: usize) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), closed: false });
        Self { state, arrived: Condvar::new(), limit }
    }

    /// Adds an item at the end.
    ///
    /// # Errors
    /// [`Trouble::QueueFull`] or [`Trouble::Closed`]; the item is dropped.
    pub(super) fn push(&self, item: T) -> Result<(), Trouble> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Trouble::Closed);
        }
        if state.waiting.len() >= self.limit {
            return Err(Trouble::QueueFull);
        }
        state.waiting.push_back(item);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits up to `limit` for the oldest item.
    pub(super) fn pop_within(&self, limit: Duration) -> Popped<T> {
        let mut state = self.state.lock();
        self.arrived.wait_while_for(&mut state, |state| state.waiting.is_empty() && !state.closed, limit);
        match state.waiting.pop_front() {
            Some(item) => Popped::Item(item),
            None if state.closed => Popped::Closed,
            None => Popped::Quiet,
        }
    }

    /// The oldest item, if there is one now.
    pub(super) fn try_pop(&self) -> Option<T> {
        self.state.lock().waiting.pop_front()
    }

    /// Waits up to `limit` for the end of the queue, taking nothing.
    pub(super) fn closed_within(&self, limit: Duration) -> bool {
        let mut state = self.state.lock();
        self.arrived.wait_while_for(&mut state, |state| !state.closed, limit);
        state.closed
    }

    /// How many items wait.
    pub(super) fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// Takes no more; those waiting are still given out.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_a_closed_one_gives_out_what_it_has() {
        let queue = Queue::new(2);
        assert!(queue.push(1).is_ok() && queue.push(2).is_ok());
        assert_eq!(queue.push(3), Err(Trouble::QueueFull));
        queue.close();
        assert_eq!(queue.push(4), Err(Trouble::Closed));
        assert!(matches!(queue.pop_within(Duration::ZERO), Popped::Item(1)));
        assert_eq!(queue.try_pop(), Some(2));
        assert!(matches!(queue.pop_within(Duration::from_secs(60)), Popped::Closed));
    }

    #[test]
    fn a_quiet_queue_says_so() {
        assert!(matches!(Queue::<u8>::new(1).pop_within(Duration::ZERO), Popped::Quiet));
    }
}
