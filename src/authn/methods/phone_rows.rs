//! The account choice before a code: at most three rows, of which nobody who
//! does not have the phone can tell whether they stand for anybody.
//!
//! A row is an opaque handle, bound to one interaction, and the last two digits
//! of an account's id, which are as good as chance. A number that nobody has is
//! treated as if it had as many accounts as numbers usually have, and every number
//! is topped up by a second draw of the same shares; both draws are keyed hashes of
//! the number, so the answer is the same each time. Which row is whose is stored
//! nowhere: a handle is computed again from whoever has the number by then.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::authn::attempt::Attempt;
use crate::authn::contact::Contact;
use crate::base::id::InteractionId;
use crate::domain::{Principal, Standing};
use crate::keys::MacKey;

/// The most rows of one number; the row for any other account comes after them.
pub(super) const MOST: usize = 3;
/// Of a hundred numbers so many have up to one account, and up to two.
const SHARES: [(u32, usize); 2] = [(85, 1), (95, 2)];

/// One row of the choice.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ChoiceRow {
    /// What its radio button sends; means nothing outside of its interaction.
    pub handle: String,
    /// What it says.
    pub label: RowLabel,
}

/// What a row says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowLabel {
    /// The last two digits of an account's id, or of none.
    Tail(String),
    /// The name of somebody who signed in in this browser before.
    Name(String),
}

/// Makes rows for one number in one interaction.
pub(super) struct Rows<'a> {
    pub key: &'a MacKey,
    pub interaction: InteractionId,
    pub contact: &'a Contact,
}

impl Rows<'_> {
    /// The rows for those who have the number. Costs the same for every number.
    pub(super) fn of(&self, attempt: &Attempt<'_>, holders: &[Principal]) -> Vec<ChoiceRow> {
        let known = |principal: &Principal| attempt.browser.known_for(&principal.id).is_some();
        let mut shown: Vec<&Principal> = holders.iter().collect();
        shown.sort_by_key(|principal| (!known(principal), principal.standing() != Standing::Good));
        shown.truncate(MOST);
        let usual = self.draw(b"accounts");
        let accounts = if shown.is_empty() { usual } else { shown.len() };
        let count = accounts.max(self.draw(b"rows"));
        let mut rows: Vec<_> = (0..MOST)
            .filter_map(|at| {
                let real = shown.get(at).map(|principal| {
                    let label = if known(principal) {
                        RowLabel::Name(principal.display_name.clone())
                    } else {
                        RowLabel::Tail(tail(principal))
                    };
                    self.row(principal.id.as_str(), label)
                });
                let decoy = self.decoy(at);
                real.or((at < count).then_some(decoy))
            })
            .collect();
        rows.sort_by_key(|(order, row)| (matches!(row.label, RowLabel::Tail(_)), *order));
        rows.into_iter().map(|(_order, row)| row).collect()
    }

    /// The one among `holders` whose row has this handle.
    pub(super) fn find<'p>(&self, handle: &str, holders: &'p [Principal]) -> Option<&'p Principal> {
        holders.iter().find(|principal| self.handle(principal.id.as_str()) == handle)
    }

    fn row(&self, subject: &str, label: RowLabel) -> ([u8; 32], ChoiceRow) {
        (self.hash(b"order", subject), ChoiceRow { handle: self.handle(subject), label })
    }

    fn decoy(&self, at: usize) -> ([u8; 32], ChoiceRow) {
        let subject = format!("decoy {at}");
        let digits = below_hundred(self.hash(b"tail", &subject));
        self.row(&subject, RowLabel::Tail(format!("{digits:02}")))
    }

    /// How many: one of the usual numbers, by their shares.
    fn draw(&self, what: &[u8]) -> usize {
        let drawn = below_hundred(self.hash(what, ""));
        SHARES.iter().find(|(below, _)| drawn < *below).map_or(MOST, |(_, count)| *count)
    }

    /// The same for the same number in every interaction.
    fn hash(&self, what: &[u8], subject: &str) -> [u8; 32] {
        *self.key.mac(&[what, self.contact.lookup(), subject.as_bytes()]).as_bytes()
    }

    fn handle(&self, subject: &str) -> String {
        let interaction = self.interaction.row().to_be_bytes();
        let hash = self.key.mac(&[b"handle", &interaction, self.contact.lookup(), subject.as_bytes()]);
        URL_SAFE_NO_PAD.encode(hash.as_bytes())
    }
}

/// The last two digits of an account's id, which was drawn by chance.
fn tail(principal: &Principal) -> String {
    let id = principal.account.id.as_str();
    id.get(id.len().saturating_sub(2)..).unwrap_or_default().to_owned()
}

/// A hash as a number below a hundred, each as likely as another.
fn below_hundred(hash: [u8; 32]) -> u32 {
    let [a, b, c, d, ..] = hash;
    u32::from_be_bytes([a, b, c, d]) % 100
}
