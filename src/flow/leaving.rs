//! What a sign-out ends, and where the person goes from there.
//!
//! `logout` has found out who is meant; here it is done: one account, all of a
//! browser, or one client's part of them.

use super::logout::{LoggedOut, LogoutChoice, LogoutRequest, Resolved, SignedOutView};
use super::outcome::{FlowError, Problem};
use super::people::Facts;
use super::{Flow, Visit};
use crate::base::id::{ClientId, SignInId};
use crate::domain::{ClientStatus, SignIn};
use crate::protocol::response::appended;
use crate::session;
use crate::store::{StoreResult, Tx, client_sessions, clients};

/// Whether anything ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Ended {
    #[default]
    Nobody,
    Somebody,
}

/// What a sign-out did.
#[derive(Default)]
pub(super) struct Left {
    pub(super) people: Vec<Facts>,
    pub(super) remaining: usize,
    pub(super) frames: Vec<String>,
    pub(super) ended: Ended,
}

impl Flow {
    /// Ends what the person chose to end.
    pub(super) fn confirmed(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        resolved: &mut Resolved,
        choice: &LogoutChoice,
    ) -> StoreResult<Result<Left, FlowError>> {
        if *choice == LogoutChoice::App {
            return self.leave_app(tx, visit, resolved);
        }
        let leaving = |row: &SignIn| match choice {
            LogoutChoice::All => true,
            LogoutChoice::One(handle) => self.account_handle(row.id) == *handle,
            LogoutChoice::App => false,
        };
        let (gone, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut resolved.active).into_iter().partition(leaving);
        if gone.is_empty() && !stay.is_empty() {
            return Ok(Err(Problem::Stale.into()));
        }
        let mut left = Left { remaining: stay.len(), ..Left::default() };
        for sign_in in &gone {
            left.ended = Ended::Somebody;
            left.people.push(self.facts(tx, &sign_in.principal)?);
            left.frames.extend(self.frames(tx, sign_in.id)?);
            session::sign_out(tx, sign_in, &visit.origin())?;
        }
        if let (LogoutChoice::All, Some(browser)) = (choice, &resolved.browser) {
            session::forget_browser(tx, browser, &visit.origin())?;
            // Whoever sits down here next sees nobody's name.
            left.people.clear();
        }
        Ok(Ok(left))
    }

    /// Ends what this client has of this browser's accounts; they stay signed in.
    fn leave_app(&self, tx: &mut Tx<'_>, visit: &Visit, resolved: &Resolved) -> StoreResult<Result<Left, FlowError>> {
        let Some(client) = &resolved.client else { return Ok(Err(Problem::Stale.into())) };
        let mut left = Left { remaining: resolved.active.len(), ended: Ended::Somebody, ..Left::default() };
        for sign_in in &resolved.active {
            let frames = self.frames_of(tx, sign_in.id, Some(&client.id))?;
            left.frames.extend(frames);
            session::leave_client(tx, sign_in, &client.id, &visit.origin())?;
        }
        Ok(Ok(left))
    }

    /// The front-channel addresses of every client that knew this sign-in.
    pub(super) fn frames(&self, tx: &mut Tx<'_>, sign_in: SignInId) -> StoreResult<Vec<String>> {
        self.frames_of(tx, sign_in, None)
    }

    fn frames_of(&self, tx: &mut Tx<'_>, sign_in: SignInId, only: Option<&ClientId>) -> StoreResult<Vec<String>> {
        let mut frames = Vec::new();
        for (id, sid) in client_sessions::of_sign_in(tx, sign_in)? {
            if only.is_some_and(|only| *only != id) {
                continue;
            }
            let client = clients::find(tx, &id)?.filter(|client| client.status == ClientStatus::Active);
            if let Some(uri) = client.and_then(|client| client.metadata.frontchannel_logout_uri) {
                let pairs = [("iss", self.settings.issuer.as_str()), ("sid", sid.as_str())];
                frames.push(appended(&uri, pairs.into_iter()));
            }
        }
        Ok(frames)
    }

    pub(super) fn left(request: &LogoutRequest, resolved: &Resolved, left: Left) -> LoggedOut {
        // Without anybody leaving, only a client that shows a token of ours is
        // followed: a stranger's link must not be able to use us as a springboard.
        let trusted = resolved.hinted || left.ended == Ended::Somebody;
        let return_to = request.return_to(resolved.client.as_ref()).filter(|_| trusted);
        match return_to {
            Some(uri) if left.frames.is_empty() => LoggedOut::Return(uri),
            return_to => LoggedOut::Shown(SignedOutView {
                people: left.people,
                remaining: left.remaining,
                frames: left.frames,
                return_to,
            }),
        }
    }
}
