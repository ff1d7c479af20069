//! What the console remembers of a browser: in memory, bounded, for a while.
//!
//! A relying party of its own: this has nothing to do with the provider's
//! sign-ins, and its cookie has a name of its own (cookies do not know ports).

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;

pub use super::signed_in::{Seat, SignedIn};
use crate::base::{SharedClock, SharedEntropy, Timestamp};

/// The cookie that names a browser's session.
pub const COOKIE: &str = "menshen_console";
/// Sessions that are kept; beyond them the longest unused one goes.
const MAX_SESSIONS: usize = 1_000;
/// Sign-ins under way in one browser (one for each open page).
const MAX_PENDING: usize = 8;
/// Accounts that one browser holds here, as many as the provider holds.
const MAX_SEATS: usize = 20;
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);

/// Which of the two example clients.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Tool {
    /// First-party: nobody is asked for consent.
    Console,
    /// Third-party: the person is asked.
    Report,
}

/// A sign-in that was begun and has not come back.
#[derive(Clone, Eq, PartialEq)]
pub struct Pending {
    /// Which client asked.
    pub tool: Tool,
    /// Names it in the answer; guards against forged answers.
    pub state: String,
    /// Ties the ID token to it.
    pub nonce: String,
    /// PKCE (RFC 7636).
    pub verifier: String,
}

/// One browser.
#[derive(Default)]
pub struct Session {
    used: Timestamp,
    pending: Vec<Pending>,
    /// Who is signed in, who came last at the end.
    seats: Vec<Seat>,
    /// The `state` of a sign-out that is on its way back.
    pub signing_out: Option<String>,
}

impl Session {
    /// Takes somebody in; who was here before keeps their place. The handle.
    pub fn seat(&mut self, tool: Tool, signed_in: SignedIn, fresh: String) -> String {
        let subject = |one: &SignedIn| one.id_claims.get("sub").cloned();
        let same = |seat: &Seat| seat.tool == tool && subject(&seat.signed_in) == subject(&signed_in);
        let handle = match self.seats.iter().position(same) {
            Some(at) => self.seats.remove(at).handle,
            None => fresh,
        };
        if self.seats.len() >= MAX_SEATS {
            self.seats.remove(0);
        }
        self.seats.push(Seat { tool, handle: handle.clone(), signed_in });
        handle
    }

    /// Who sits at this client under `handle`; who came last, without one.
    pub fn seated(&mut self, tool: Tool, handle: Option<&str>) -> Option<&mut Seat> {
        let mut seats = self.seats.iter_mut().rev().filter(|seat| seat.tool == tool);
        match handle {
            Some(handle) => seats.find(|seat| seat.handle == handle),
            None => seats.next(),
        }
    }

    /// Everybody at this client.
    #[must_use]
    pub fn everybody(&self, tool: Tool) -> Vec<Seat> {
        self.seats.iter().filter(|seat| seat.tool == tool).cloned().collect()
    }

    /// Lets one go; the others stay.
    pub fn leave(&mut self, tool: Tool, handle: Option<&str>) -> Option<SignedIn> {
        let handle = self.seated(tool, handle)?.handle.clone();
        let at = self.seats.iter().position(|seat| seat.tool == tool && seat.handle == handle)?;
        Some(self.seats.remove(at).signed_in)
    }

    /// Remembers a sign-in that begins; the oldest gives way.
    pub fn begin(&mut self, pending: Pending) {
        if self.pending.len() >= MAX_PENDING {
            self.pending.remove(0);
        }
        self.pending.push(pending);
    }

    /// The sign-in that an answer belongs to; it is forgotten, so no answer
    /// counts twice.
    pub fn take(&mut self, tool: Tool, state: &str) -> Option<Pending> {
        let at = self.pending.iter().position(|pending| pending.tool == tool && pending.state == state)?;
        Some(self.pending.remove(at))
    }
}

/// All browsers.
pub struct Sessions {
    clock: SharedClock,
    entropy: SharedEntropy,
    by_cookie: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    /// No browser yet.
    #[must_use]
    pub fn new(clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self { clock, entropy, by_cookie: Mutex::new(HashMap::new()) }
    }

    /// A sign-in to begin, with its three secrets drawn.
    #[must_use]
    pub fn draw(&self, tool: Tool) -> Pending {
        Pending { tool, state: self.secret(), nonce: self.secret(), verifier: self.secret() }
    }

    /// 32 random bytes as text.
    #[must_use]
    pub fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.entropy.bytes::<32>())
    }

    /// Looks at or changes the session of `cookie`; `None` when there is none.
    pub fn with<T>(&self, cookie: Option<&str>, look: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let now = self.clock.now();
        let mut sessions = self.by_cookie.lock();
        let session = sessions.get_mut(cookie?).filter(|session| now.since(session.used) < IDLE)?;
        session.used = now;
        Some(look(session))
    }

    /// The same, in a session that is opened when there is none. Gives the
    /// cookie to set, if it is another than before.
    pub fn open(&self, cookie: Option<&str>, change: impl FnOnce(&mut Session)) -> Option<String> {
        let mut change = Some(change);
        let known = self.with(cookie, |session| change.take().map(|change| change(session)));
        if known.is_some() {
            return None;
        }
        let mut session = Session { used: self.clock.now(), ..Session::default() };
        if let Some(change) = change {
            change(&mut session);
        }
        Some(self.keep(session))
    }

    /// Gives the session a new name, so that one from before a sign-in is worth
    /// nothing after it. `None` when there is no session.
    pub fn rename(&self, cookie: Option<&str>) -> Option<String> {
        let session = self.by_cookie.lock().remove(cookie?)?;
        Some(self.keep(session))
    }

    /// Lets everybody go, in every browser, to whom this applies at this client.
    pub fn end(&self, tool: Tool, over: impl Fn(&SignedIn) -> bool) {
        for session in self.by_cookie.lock().values_mut() {
            session.seats.retain(|seat| seat.tool != tool || !over(&seat.signed_in));
        }
    }

    fn keep(&self, session: Session) -> String {
        let name = self.secret();
        let now = self.clock.now();
        let mut sessions = self.by_cookie.lock();
        sessions.retain(|_, session| now.since(session.used) < IDLE);
        if sessions.len() >= MAX_SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(name, _)| name.clone());
            oldest.and_then(|name| sessions.remove(&name));
        }
        sessions.insert(name.clone(), session);
        name
    }
}

/// The console's cookie among those of a `Cookie` header.
#[must_use]
pub fn cookie_of(header: &str) -> Option<&str> {
    let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{SeededEntropy, TestClock};

    fn sessions() -> (Sessions, TestClock) {
        let clock = TestClock::at(Timestamp::from_seconds(1_767_225_600));
        (Sessions::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1))), clock)
    }

    #[test]
    fn an_answer_counts_once_and_for_the_client_that_asked() {
        let (sessions, _clock) = sessions();
        let pending = sessions.draw(Tool::Console);
        let cookie = sessions.open(None, |session| session.begin(pending.clone()));
        let take = |tool, state: &str| sessions.with(cookie.as_deref(), |session| session.take(tool, state)).flatten();
        assert!(take(Tool::Report, &pending.state).is_none());
        assert!(take(Tool::Console, "forged").is_none());
        assert!(take(Tool::Console, &pending.state).is_some_and(|found| found == pending));
        assert!(take(Tool::Console, &pending.state).is_none());
    }

    #[test]
    fn sign_ins_under_way_are_few() {
        let (sessions, _clock) = sessions();
        let first = sessions.draw(Tool::Console);
        let cookie = sessions.open(None, |session| session.begin(first.clone()));
        for _ in 0..MAX_PENDING {
            let next = sessions.draw(Tool::Console);
            assert_eq!(sessions.open(cookie.as_deref(), |session| session.begin(next)), None);
        }
        let lost = sessions.with(cookie.as_deref(), |session| session.take(Tool::Console, &first.state));
        assert!(lost.is_some_and(|found| found.is_none()));
    }

    #[test]
    fn a_renamed_session_leaves_its_old_name_worthless() {
        let (sessions, _clock) = sessions();
        let old = sessions.open(None, |session| session.signing_out = Some("x".into()));
        let new = sessions.rename(old.as_deref());
        assert!(new.is_some() && new != old);
        assert!(sessions.with(old.as_deref(), |_| ()).is_none());
        assert_eq!(sessions.with(new.as_deref(), |session| session.signing_out.clone()), Some(Some("x".into())));
        assert_eq!(sessions.rename(Some("unknown")), None);
    }

    #[test]
    fn sessions_end_when_unused_and_are_never_endless() {
        let (sessions, clock) = sessions();
        let old = sessions.open(None, |_| ());
        clock.advance(IDLE);
        assert!(sessions.with(old.as_deref(), |_| ()).is_none());
        let first = sessions.open(None, |_| ());
        clock.advance(Duration::from_secs(1));
        for _ in 0..MAX_SESSIONS {
            sessions.open(None, |_| ());
        }
        assert_eq!(sessions.by_cookie.lock().len(), MAX_SESSIONS);
        assert!(sessions.with(first.as_deref(), |_| ()).is_none());
    }

    #[test]
    fn the_providers_cookie_is_not_looked_at() {
        assert_eq!(cookie_of("menshen=mbr_x; menshen_console=abc; other=1"), Some("abc"));
        assert_eq!(cookie_of("menshen=mbr_x; menshen_console2=y"), None);
        assert_eq!(cookie_of(""), None);
    }
}
