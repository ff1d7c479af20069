//! The ways out: of one sign-in, of a browser, of everywhere.
//!
//! Ending a sign-in ends what it had given out, save offline families, in the
//! same transaction. Ending everywhere (password changed, principal switched
//! off) ends those too. A suspended owner needs no ending: every read of a
//! principal sees its owner's state. Every client that knew the sign-in and
//! wants to hear of its end is told by the outbox.

use super::browsers::Browser;
use super::notices::{LogoutNotice, announce};
use crate::base::id::{BrowserId, ClientId, PrincipalId, SignInId};
use crate::domain::audit::Origin;
use crate::domain::{AuditEvent, AuditKind, Outcome, SignIn, SignInState};
use crate::store::{StoreResult, Tx, affinities, audit, client_sessions, grants, sign_ins};

/// Signs one account out of this browser; it stays remembered by name.
pub fn sign_out(tx: &mut Tx<'_>, sign_in: &SignIn, origin: &Origin) -> StoreResult<()> {
    if end(tx, sign_in.id, &sign_in.principal.id)? {
        let event = AuditEvent::new(AuditKind::Logout, Outcome::Success).of_principal(&sign_in.principal.id);
        audit::record(tx, &event.of_account(&sign_in.principal.account.id), origin)?;
    }
    Ok(())
}

/// Forgets an account in its browser; it was signed out before.
pub fn forget(tx: &mut Tx<'_>, sign_in: &SignIn) -> StoreResult<()> {
    affinities::forget(tx, sign_in.browser, &sign_in.principal.id)?;
    sign_ins::remove(tx, sign_in.id)
}

/// Signs everybody out of a browser that shows its cookie, and forgets them:
/// who sits down at a shared computer next sees nobody's name.
pub fn forget_browser(tx: &mut Tx<'_>, browser: &Browser, origin: &Origin) -> StoreResult<()> {
    end_all_of(tx, browser.id, origin, "all accounts of the browser")?;
    for sign_in in sign_ins::of_browser(tx, browser.id)? {
        forget(tx, &sign_in)?;
    }
    Ok(())
}

/// The theft signal: a replaced cookie came back, so everybody is signed out.
pub fn end_stolen(tx: &mut Tx<'_>, browser: BrowserId, origin: &Origin) -> StoreResult<()> {
    end_all_of(tx, browser, origin, "a replaced cookie was presented")
}

fn end_all_of(tx: &mut Tx<'_>, browser: BrowserId, origin: &Origin, why: &str) -> StoreResult<()> {
    for sign_in in sign_ins::of_browser(tx, browser)? {
        if sign_in.stored_state != SignInState::SignedOut && end(tx, sign_in.id, &sign_in.principal.id)? {
            let event = AuditEvent::new(AuditKind::Logout, Outcome::Success).of_principal(&sign_in.principal.id);
            audit::record(tx, &event.because(why), origin)?;
        }
    }
    Ok(())
}

/// Ends every sign-in and every token of a principal, offline ones too.
pub fn end_everywhere(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<()> {
    for sign_in in sign_ins::live_of_principal(tx, principal)? {
        end(tx, sign_in, principal)?;
    }
    grants::revoke_of_principal(tx, principal)?;
    Ok(())
}

/// Ends everything of a principal but this sign-in: its password was changed
/// there. Offline families end too.
pub fn end_others(tx: &mut Tx<'_>, kept: &SignIn) -> StoreResult<()> {
    for sign_in in sign_ins::live_of_principal(tx, &kept.principal.id)? {
        if sign_in != kept.id {
            end(tx, sign_in, &kept.principal.id)?;
        }
    }
    grants::revoke_of_principal(tx, &kept.principal.id)?;
    Ok(())
}

/// Tells every client of a principal's sign-ins that they are over, where the
/// sign-ins themselves stay: their owner was suspended, and may come back. Each
/// client session gets another `sid` then.
pub fn announce_everywhere(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<()> {
    for sign_in in sign_ins::live_of_principal(tx, principal)? {
        announce(tx, sign_in, principal)?;
        client_sessions::remove_of_sign_in(tx, sign_in)?;
    }
    Ok(())
}

/// Ends what one client has of a sign-in; the sign-in itself stays.
pub fn leave_client(tx: &mut Tx<'_>, sign_in: &SignIn, client: &ClientId, origin: &Origin) -> StoreResult<()> {
    let Some(sid) = client_sessions::find_sid(tx, sign_in.id, client)? else { return Ok(()) };
    let subject = sign_in.principal.id.clone();
    LogoutNotice { client: client.clone(), subject, sid }.put(tx)?;
    grants::revoke_of_client_session(tx, sign_in.id, client)?;
    client_sessions::remove(tx, sign_in.id, client)?;
    let event = AuditEvent::new(AuditKind::Logout, Outcome::Success).of_principal(&sign_in.principal.id);
    audit::record(tx, &event.of_client(client).because("this client alone"), origin)
}

pub(super) fn end(tx: &mut Tx<'_>, id: SignInId, principal: &PrincipalId) -> StoreResult<bool> {
    announce(tx, id, principal)?;
    sign_ins::end(tx, id)
}
