//! What the owners of the people in one browser ask of them, gathered for the
//! accounts that a request is about or that a page shows: each owner once, all of
//! them in one query. Decided on by `policy` alone.

use super::policy::{Owners, Situation, Whence};
use super::{Flow, Visit};
use crate::base::id::SignInId;
use crate::domain::SignIn;
use crate::domain::user_agent::described;
use crate::session::Browser;
use crate::store::{StoreResult, Tx, account_policies, sign_ins};

impl Flow {
    /// The same situation with what the owners of these accounts ask.
    pub(super) fn heeding(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit,
        situation: Situation,
        ids: &[SignInId],
    ) -> StoreResult<Situation> {
        let rows: Vec<&SignIn> = situation.sign_ins.iter().filter(|row| ids.contains(&row.id)).collect();
        let owner = |row: &&SignIn| row.principal.account.owner_id.clone();
        let policies = account_policies::of_all(tx, rows.iter().map(owner).collect())?;
        let mut owners = Owners { policies, ..Owners::default() };
        let minds = |row: &&&SignIn| owners.of(row).is_some_and(|owner| owner.reauth.on_change);
        let minded: Vec<SignInId> = rows.iter().filter(minds).map(|row| row.id).collect();
        if !minded.is_empty() {
            let places = sign_ins::places(tx, &minded)?;
            let whence = |place: sign_ins::Place| (place.id, self.whence(&place.address, &place.user_agent));
            owners.proved = places.into_iter().map(whence).collect();
            owners.here = self.whence(&visit.address.to_string(), &visit.user_agent);
        }
        Ok(Situation { owners, ..situation })
    }

    /// The accounts of a browser as its own pages see them, for no client's request.
    pub(super) fn own_situation(&self, tx: &mut Tx<'_>, visit: &Visit, browser: &Browser) -> StoreResult<Situation> {
        let sign_ins = browser.sign_ins(tx)?;
        let ids: Vec<SignInId> = sign_ins.iter().map(|row| row.id).collect();
        self.heeding(tx, visit, Situation { sign_ins, ..Situation::default() }, &ids)
    }

    fn whence(&self, address: &str, user_agent: &str) -> Whence {
        Whence { browser: described(user_agent), country: self.countries.letters(address) }
    }
}
