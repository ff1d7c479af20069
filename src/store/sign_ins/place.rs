//! Sign-ins as places: where, when and how somebody proved who they are.

use diesel::prelude::*;

use crate::base::Timestamp;
use crate::base::id::{PrincipalId, SignInId};
use crate::domain::SignInState;
use crate::domain::browser::Lifetimes;
use crate::store::schema::sign_ins;
use crate::store::{StoreResult, Tx};

/// One place where a principal is signed in, as the person's own list shows it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its row.
    pub id: SignInId,
    /// The login method's name.
    pub method: String,
    /// Address of the browser at the sign-in.
    pub address: String,
    /// What the browser called itself.
    pub user_agent: String,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// Last use.
    pub last_seen_at: Timestamp,
    /// Locked from here on.
    pub locked_from: Timestamp,
    /// "Stay signed in" was ticked.
    pub remember: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sign_ins)]
struct PlaceRow {
    id: i64,
    method: String,
    address: String,
    user_agent: String,
    remember: bool,
    auth_time: i64,
    last_seen_at: i64,
    idle_expires_at: i64,
    absolute_expires_at: i64,
}

impl From<PlaceRow> for Place {
    fn from(row: PlaceRow) -> Self {
        Self {
            id: SignInId::new(row.id),
            method: row.method,
            address: row.address,
            user_agent: row.user_agent,
            auth_time: Timestamp::from_micros(row.auth_time),
            last_seen_at: Timestamp::from_micros(row.last_seen_at),
            locked_from: Timestamp::from_micros(row.idle_expires_at.min(row.absolute_expires_at)),
            remember: row.remember,
        }
    }
}

impl Place {
    /// The same, lasting no longer than this.
    #[must_use]
    pub fn within(self, most: Lifetimes) -> Self {
        let end = (self.last_seen_at + most.idle).min(self.auth_time + most.absolute);
        Self { locked_from: self.locked_from.min(end), ..self }
    }

    /// What it is good for now.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> SignInState {
        if now >= self.locked_from { SignInState::Locked } else { SignInState::Active }
    }
}

/// Where a principal is signed in, in every browser, last used first.
pub fn places_of(tx: &mut Tx<'_>, principal: &PrincipalId) -> StoreResult<Vec<Place>> {
    let rows = sign_ins::table
        .filter(sign_ins::principal_id.eq(principal.as_str()))
        .filter(sign_ins::state.ne(SignInState::SignedOut.as_str()))
        .order((sign_ins::last_seen_at.desc(), sign_ins::id.desc()))
        .select(PlaceRow::as_select())
        .load::<PlaceRow>(tx.conn())?;
    Ok(rows.into_iter().map(Place::from).collect())
}

/// Where these sign-ins were proved last.
pub fn places(tx: &mut Tx<'_>, ids: &[SignInId]) -> StoreResult<Vec<Place>> {
    let rows: Vec<i64> = ids.iter().map(|id| id.row()).collect();
    let rows = sign_ins::table.filter(sign_ins::id.eq_any(rows)).select(PlaceRow::as_select());
    Ok(rows.load::<PlaceRow>(tx.conn())?.into_iter().map(Place::from).collect())
}
