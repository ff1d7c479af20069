//! Floor 4: accounts, sub-accounts, IAM users, clients, and what an operator or
//! an owner does to them.
//!
//! Everything that is made or changed here writes its audit row in the same
//! transaction, and what switches somebody off ends their sign-ins and grants
//! there too. [`apply`] declares many of them at once; the command line and the
//! demo call it. [`Identity`] holds the keys that this needs. It never sees
//! HTTP and knows nothing of interactions.

pub mod accounts;
mod credentials;
mod lock;
pub mod people;
pub mod refusal;
mod status;

pub use accounts::{Billing, NewAccount, NewIamUser};
pub use credentials::{MustChange, NewPassword, set_password};
pub use people::{NewPerson, SealedContact};
pub use refusal::{Refusal, Stop};
pub use status::{set_account_status, set_principal_status};
