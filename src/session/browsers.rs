//! What a cookie is worth: recognising a browser, opening one, and the
//! rotation of its secret with its overlap and its theft signal.

use std::sync::Arc;
use std::time::Duration;

use super::lifetimes::held;
use crate::base::id::{BrowserId, PrincipalId};
use crate::base::{OpaqueKind, OpaqueTokens, Secret, Timestamp};
use crate::domain::SignIn;
use crate::domain::browser::LifetimePolicy;
use crate::store::browsers::{self, BrowserRow};
use crate::store::{StoreResult, Tx, sign_ins};

/// How long an old secret works once the new one was used.
const OVERLAP: Duration = Duration::from_secs(30);
/// A browser is never rotated twice within this time.
const ROTATION_PAUSE: Duration = Duration::from_secs(30);
/// `last_seen_at` is written when it is older than this, not at every request.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

/// Which of a browser's secrets was presented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BrowserSecret {
    /// The present one.
    Current,
    /// The one before, within its overlap. It gives no new rights: what was
    /// signed in since the rotation is not visible through it.
    Previous,
}

/// A browser that presented a good cookie.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Its row.
    pub id: BrowserId,
    /// By which secret it is known in this request.
    pub secret: BrowserSecret,
    /// When its present secret was made.
    pub rotated_at: Timestamp,
    hash: Vec<u8>,
    rotated_before: bool,
    confirmed: bool,
    last_seen_at: Timestamp,
    lifetimes: LifetimePolicy,
}

/// What a presented cookie turned out to be.
#[derive(Clone, Debug)]
pub enum Recognised {
    /// A browser of ours.
    Known(Browser),
    /// Nothing: absent, forged, or forgotten.
    Unknown,
    /// A secret that was replaced, and its replacement was used: somebody has a
    /// copy. The browser's sign-ins must end.
    Stolen(BrowserId),
}

/// Knows browsers by their cookies.
#[derive(Clone)]
pub struct Browsers {
    opaque: Arc<OpaqueTokens>,
    rotate_after: Duration,
    lifetimes: LifetimePolicy,
}

impl Browsers {
    /// With the maker of opaque tokens, the age at which a cookie is replaced
    /// without a sign-in, and how long sign-ins last.
    #[must_use]
    pub fn new(opaque: Arc<OpaqueTokens>, rotate_after: Duration, lifetimes: LifetimePolicy) -> Self {
        Self { opaque, rotate_after, lifetimes }
    }

    /// Says what a cookie's value is worth at `now`. Reads only.
    pub fn recognise(&self, tx: &mut Tx<'_>, cookie: Option<&str>, now: Timestamp) -> StoreResult<Recognised> {
        let Some(presented) = cookie.and_then(|text| self.opaque.read(OpaqueKind::Browser, text)) else {
            return Ok(Recognised::Unknown);
        };
        let Some(row) = browsers::find(tx, BrowserId::new(presented.row))? else {
            return Ok(Recognised::Unknown);
        };
        if presented.hash.matches(&row.hash) {
            return Ok(Recognised::Known(self.browser(row, BrowserSecret::Current)));
        }
        if !row.previous_hash.as_deref().is_some_and(|previous| presented.hash.matches(previous)) {
            return Ok(Recognised::Unknown);
        }
        let over = row.confirmed_at.is_some_and(|at| now > Timestamp::from_micros(at) + OVERLAP);
        if over {
            return Ok(Recognised::Stolen(BrowserId::new(row.id)));
        }
        Ok(Recognised::Known(self.browser(row, BrowserSecret::Previous)))
    }

    /// Opens a browser with a first secret; the cookie's value goes to it.
    pub fn open(&self, tx: &mut Tx<'_>, random: &[u8; 32]) -> StoreResult<(Browser, Secret<String>)> {
        let hash = self.opaque.hash(OpaqueKind::Browser, random);
        let id = browsers::insert(tx, &hash)?;
        let browser = Browser {
            id,
            secret: BrowserSecret::Current,
            rotated_at: tx.now(),
            hash: hash.as_bytes().to_vec(),
            rotated_before: false,
            confirmed: false,
            last_seen_at: tx.now(),
            lifetimes: self.lifetimes,
        };
        Ok((browser, self.opaque.text(OpaqueKind::Browser, id.row(), random)))
    }

    /// Notes that the browser was here: its new secret is confirmed, its last
    /// use moves on, and an old secret is replaced. Answers the new cookie.
    pub fn note(
        &self,
        tx: &mut Tx<'_>,
        browser: &Browser,
        random: &[u8; 32],
        now: Timestamp,
    ) -> StoreResult<Option<Secret<String>>> {
        if browser.secret == BrowserSecret::Previous {
            return Ok(None);
        }
        if now.since(browser.rotated_at) >= self.rotate_after {
            return self.replace(tx, browser, random, now);
        }
        if browser.rotated_before && !browser.confirmed {
            browsers::confirm(tx, browser.id)?;
        } else if now.since(browser.last_seen_at) >= TOUCH_AFTER {
            browsers::touch(tx, browser.id)?;
        }
        Ok(None)
    }

    /// Gives the browser a new secret because somebody signed in (`now` is that
    /// sign-in's `auth_time`). `None` when its secret is younger than the pause,
    /// or when another request was quicker.
    pub fn rotate(
        &self,
        tx: &mut Tx<'_>,
        browser: &Browser,
        random: &[u8; 32],
        now: Timestamp,
    ) -> StoreResult<Option<Secret<String>>> {
        let pausing = browser.rotated_before && now.since(browser.rotated_at) < ROTATION_PAUSE;
        if pausing || browser.secret == BrowserSecret::Previous {
            return Ok(None);
        }
        self.replace(tx, browser, random, now)
    }

    fn replace(
        &self,
        tx: &mut Tx<'_>,
        browser: &Browser,
        random: &[u8; 32],
        now: Timestamp,
    ) -> StoreResult<Option<Secret<String>>> {
        let hash = self.opaque.hash(OpaqueKind::Browser, random);
        let rotated = browsers::rotate(tx, browser.id, &browser.hash, &hash, now)?;
        Ok(rotated.then(|| self.opaque.text(OpaqueKind::Browser, browser.id.row(), random)))
    }

    fn browser(&self, row: BrowserRow, secret: BrowserSecret) -> Browser {
        Browser {
            id: BrowserId::new(row.id),
            secret,
            rotated_at: Timestamp::from_micros(row.rotated_at),
            hash: row.hash,
            rotated_before: row.previous_hash.is_some(),
            confirmed: row.confirmed_at.is_some(),
            last_seen_at: Timestamp::from_micros(row.last_seen_at),
            lifetimes: self.lifetimes,
        }
    }
}

impl Browser {
    /// The sign-ins of this browser that the presented secret may see, none
    /// lasting longer than its owner allows now.
    pub fn sign_ins(&self, tx: &mut Tx<'_>) -> StoreResult<Vec<SignIn>> {
        let all = sign_ins::of_browser(tx, self.id)?;
        self.seen(tx, all)
    }

    /// The same, of these principals alone.
    pub fn sign_ins_of(&self, tx: &mut Tx<'_>, principals: &[PrincipalId]) -> StoreResult<Vec<SignIn>> {
        let mut found = Vec::new();
        for principal in principals {
            found.extend(sign_ins::of_browser_and_principal(tx, self.id, principal)?);
        }
        self.seen(tx, found)
    }

    fn seen(&self, tx: &mut Tx<'_>, sign_ins: Vec<SignIn>) -> StoreResult<Vec<SignIn>> {
        let mut sign_ins = held(tx, &self.lifetimes, sign_ins)?;
        if self.secret == BrowserSecret::Previous {
            sign_ins.retain(|sign_in| sign_in.auth_time < self.rotated_at);
        }
        Ok(sign_ins)
    }
}
