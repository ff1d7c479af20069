//! Floor 3: what we send to people, by SMS and mail.
//!
//! Owns the letters: what one says, and how it waits in the outbox, sealed, until
//! `jobs` delivers it. The services of floor 4 write letters; nothing here decides
//! who gets one.

mod letter;
pub mod notice;
mod post;
pub mod render;
mod sms;
mod text;

pub use letter::{Channel, Content, Letter};
pub use notice::{Notice, Occasion};
pub use post::{NotifyError, Post, Posted};
pub use sms::{SmsFailed, SmsSender};
pub use text::Sender;
