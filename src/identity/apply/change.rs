//! What an `apply` changed, one line each.

use std::fmt;

use serde::Serialize;

/// One thing that was made or changed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Change {
    /// Made or changed.
    pub change: ChangeKind,
    /// What it is.
    pub subject: Subject,
    /// What people call it.
    pub name: String,
    /// Its number, when the name is not it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What was changed, as the file calls it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// Made or changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    Created,
    /// It was there, and is different now.
    Updated,
}

/// What a file declares.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A main account with its root.
    Account,
    /// A client.
    Client,
    /// A user in an account.
    IamUser,
    /// An API.
    Resource,
    /// An account under another.
    SubAccount,
}

impl Subject {
    /// As the file calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Client => "client",
            Self::IamUser => "iam_user",
            Self::Resource => "resource",
            Self::SubAccount => "sub_account",
        }
    }
}

impl Change {
    /// Something that was made.
    pub(super) fn created(subject: Subject, name: impl Into<String>, id: Option<String>) -> Self {
        Self { change: ChangeKind::Created, subject, name: name.into(), id, keys: Vec::new() }
    }

    /// Something that is different now; `None` when nothing is.
    pub(super) fn updated(
        subject: Subject,
        name: impl Into<String>,
        id: Option<String>,
        keys: Vec<String>,
    ) -> Option<Self> {
        let change = Self { change: ChangeKind::Updated, subject, name: name.into(), id, keys };
        (!change.keys.is_empty()).then_some(change)
    }

    /// The change in a few words, for the audit trail.
    pub(super) fn what(&self) -> String {
        match self.change {
            ChangeKind::Created => "created".to_owned(),
            ChangeKind::Updated => self.keys.join(" "),
        }
    }
}

/// `created account acme (104857600000)`, `updated client console: redirect_uris`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.change {
            ChangeKind::Created => "created",
            ChangeKind::Updated => "updated",
        };
        write!(f, "{verb} {} {}", self.subject.as_str(), self.name)?;
        if let Some(id) = &self.id {
            write!(f, " ({id})")?;
        }
        if !self.keys.is_empty() {
            write!(f, ": {}", self.keys.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let made = Change::created(Subject::Account, "acme", Some("104857600000".into()));
        assert_eq!(made.to_string(), "created account acme (104857600000)");
        let keys = vec!["redirect_uris".to_owned(), "scope".to_owned()];
        let changed = Change::updated(Subject::Client, "console", None, keys).unwrap();
        assert_eq!(changed.to_string(), "updated client console: redirect_uris, scope");
        assert_eq!(Change::updated(Subject::Client, "console", None, Vec::new()), None);
    }
}
