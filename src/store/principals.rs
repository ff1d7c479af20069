//! Principals, always read with their account and its owner: whoever reads one
//! sees its live state, so no caller can forget to ask for it.

use diesel::prelude::*;

use super::dialect::on;
use super::rows::{json, named, to_json};
use super::schema::{accounts, identifiers, owners, principals};
use super::{StoreResult, Tx};
use crate::base::id::{AccountId, PrincipalId};
use crate::domain::{Account, Principal, PrincipalStatus};

/// What a principal says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// For people's eyes.
    pub display_name: String,
    /// Standard claims of OpenID Connect.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = principals)]
pub(super) struct PrincipalRow {
    id: String,
    kind: String,
    username: Option<String>,
    display_name: String,
    status: String,
    must_change_password: bool,
    claims: String,
}

/// A row of `accounts`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct AccountRow {
    id: String,
    kind: String,
    owner_id: String,
    alias: Option<String>,
    name: String,
    status: String,
    independent_billing: bool,
}

impl AccountRow {
    pub(super) fn read(self) -> StoreResult<Account> {
        Ok(Account {
            kind: named(&self.kind, "accounts.kind", &self.id)?,
            status: named(&self.status, "accounts.status", &self.id)?,
            id: AccountId::from_text(self.id),
            owner_id: AccountId::from_text(self.owner_id),
            alias: self.alias,
            name: self.name,
            independent_billing: self.independent_billing,
        })
    }
}

/// A principal with its account and its owner.
pub(super) type Joined = (PrincipalRow, AccountRow, (String, Option<String>));

pub(super) fn read((row, account, (owner_status, owner_alias)): Joined) -> StoreResult<Principal> {
    Ok(Principal {
        kind: named(&row.kind, "principals.kind", &row.id)?,
        status: named(&row.status, "principals.status", &row.id)?,
        owner_status: named(&owner_status, "accounts.status", &account.owner_id)?,
        claims: json(&row.claims, "principals.claims", &row.id)?,
        id: PrincipalId::from_text(row.id),
        account: account.read()?,
        username: row.username,
        display_name: row.display_name,
        owner_alias,
        must_change_password: row.must_change_password,
    })
}

/// Principals with account and owner, to be filtered further.
macro_rules! joined {
    () => {
        principals::table
            .inner_join(accounts::table.on(accounts::id.eq(principals::account_id)))
            .inner_join(owners.on(owners.field(accounts::id).eq(accounts::owner_id)))
            .select(joined_columns!())
    };
}

/// The columns of a [`Joined`].
macro_rules! joined_columns {
    () => {
        (
            crate::store::principals::PrincipalRow::as_select(),
            crate::store::principals::AccountRow::as_select(),
            (
                crate::store::schema::owners.field(crate::store::schema::accounts::status),
                crate::store::schema::owners.field(crate::store::schema::accounts::alias),
            ),
        )
    };
}

pub(super) use joined_columns;

/// The principal with this `sub`.
pub fn find(tx: &mut Tx<'_>, id: &PrincipalId) -> StoreResult<Option<Principal>> {
    let row = joined!().filter(principals::id.eq(id.as_str())).get_result::<Joined>(tx.conn()).optional()?;
    row.map(read).transpose()
}

/// What a principal says of itself: display name and standard claims. For who
/// has the rest already and is in a hurry.
pub fn find_profile(tx: &mut Tx<'_>, id: &PrincipalId) -> StoreResult<Option<Profile>> {
    let row = principals::table.find(id.as_str()).select((principals::display_name, principals::claims));
    let row = on!(tx, |conn| row.get_result::<(String, String)>(conn)).optional()?;
    row.map(|(display_name, claims)| Ok(Profile { display_name, claims: json(&claims, "principals.claims", id)? }))
        .transpose()
}

/// Everybody with this contact, by its blind index, oldest first.
pub fn find_by_contact(tx: &mut Tx<'_>, lookup: &[u8; 32]) -> StoreResult<Vec<Principal>> {
    let rows = joined!()
        .inner_join(identifiers::table.on(identifiers::principal_id.eq(principals::id)))
        .filter(identifiers::lookup.eq(lookup.as_slice()))
        .order(identifiers::id)
        .load::<Joined>(tx.conn())?;
    rows.into_iter().map(read).collect()
}

/// Those who proved this contact to be theirs, oldest first.
pub fn find_by_proven_contact(tx: &mut Tx<'_>, lookup: &[u8; 32]) -> StoreResult<Vec<Principal>> {
    let rows = joined!()
        .inner_join(identifiers::table.on(identifiers::principal_id.eq(principals::id)))
        .filter(identifiers::lookup.eq(lookup.as_slice()).and(identifiers::verified_at.is_not_null()))
        .order(identifiers::id)
        .load::<Joined>(tx.conn())?;
    rows.into_iter().map(read).collect()
}

/// The same, each with whether they proved that the contact is theirs.
pub fn find_with_proof(tx: &mut Tx<'_>, lookup: &[u8; 32]) -> StoreResult<Vec<(Principal, bool)>> {
    let rows = principals::table
        .inner_join(accounts::table.on(accounts::id.eq(principals::account_id)))
        .inner_join(owners.on(owners.field(accounts::id).eq(accounts::owner_id)))
        .inner_join(identifiers::table.on(identifiers::principal_id.eq(principals::id)))
        .filter(identifiers::lookup.eq(lookup.as_slice()))
        .order(identifiers::id)
        .select((
            PrincipalRow::as_select(),
            AccountRow::as_select(),
            (owners.field(accounts::status), owners.field(accounts::alias)),
            identifiers::verified_at,
        ))
        .load::<(PrincipalRow, AccountRow, (String, Option<String>), Option<i64>)>(tx.conn())?;
    rows.into_iter().map(|(row, account, owner, proved)| Ok((read((row, account, owner))?, proved.is_some()))).collect()
}

/// The IAM user `username_key` of the account with this alias or id.
pub fn find_iam_user(tx: &mut Tx<'_>, account: &str, username_key: &str) -> StoreResult<Option<Principal>> {
    let row = joined!()
        .filter(accounts::id.eq(account).or(accounts::alias.eq(account)))
        .filter(principals::username_key.eq(username_key))
        .get_result::<Joined>(tx.conn())
        .optional()?;
    row.map(read).transpose()
}

/// Who signs in as this account itself: its root or sub-account principal.
pub fn find_holder(tx: &mut Tx<'_>, account: &AccountId) -> StoreResult<Option<Principal>> {
    let row = joined!()
        .filter(principals::account_id.eq(account.as_str()).and(principals::username_key.is_null()))
        .get_result::<Joined>(tx.conn())
        .optional()?;
    row.map(read).transpose()
}

/// Stores a new principal; its account must be there.
pub fn insert(tx: &mut Tx<'_>, principal: &Principal, username_key: Option<&str>) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::insert_into(principals::table)
        .values((
            principals::id.eq(principal.id.as_str()),
            principals::kind.eq(principal.kind.as_str()),
            principals::account_id.eq(principal.account.id.as_str()),
            principals::username.eq(principal.username.as_deref()),
            principals::username_key.eq(username_key),
            principals::display_name.eq(&principal.display_name),
            principals::status.eq(principal.status.as_str()),
            principals::must_change_password.eq(principal.must_change_password),
            principals::claims.eq(to_json(&principal.claims, "principals.claims")?),
            principals::created_at.eq(now),
            principals::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes what may change of a principal: display name, status, claims, and
/// whether its password must change.
pub fn update(tx: &mut Tx<'_>, principal: &Principal) -> StoreResult<()> {
    let now = tx.now().micros();
    diesel::update(principals::table.find(principal.id.as_str()))
        .set((
            principals::display_name.eq(&principal.display_name),
            principals::status.eq(principal.status.as_str()),
            principals::must_change_password.eq(principal.must_change_password),
            principals::claims.eq(to_json(&principal.claims, "principals.claims")?),
            principals::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Switches a principal on or off; true when that changed something.
pub fn set_status(tx: &mut Tx<'_>, id: &PrincipalId, status: PrincipalStatus) -> StoreResult<bool> {
    let now = tx.now().micros();
    let changed = diesel::update(principals::table.find(id.as_str()).filter(principals::status.ne(status.as_str())))
        .set((principals::status.eq(status.as_str()), principals::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// The ids of everybody in this account.
pub fn of_account(tx: &mut Tx<'_>, account: &AccountId) -> StoreResult<Vec<PrincipalId>> {
    let ids = principals::table
        .filter(principals::account_id.eq(account.as_str()))
        .order(principals::created_at)
        .select(principals::id)
        .load::<String>(tx.conn())?;
    Ok(ids.into_iter().map(PrincipalId::from_text).collect())
}
