//! Floor 4: the sign-ins of one browser.
//!
//! Owns what a cookie is worth ([`Browsers`]), the one way to sign somebody in
//! ([`sign_in()`], which takes a [`Proof`](crate::authn::Proof) and nothing else), and the ways
//! out. `flow` calls it inside its transactions; it never sees HTTP.

mod browsers;
mod ending;
mod lifetimes;
mod notices;
mod sign_in;

pub use browsers::{Browser, BrowserSecret, Browsers, Recognised};
pub use ending::{
    announce_everywhere, end_everywhere, end_others, end_stolen, forget, forget_browser, leave_client, sign_out,
};
pub use lifetimes::{lifetime_policy, lifetimes, places, shorten};
pub use notices::{LOGOUT_NOTICE, LogoutNotice};
pub use sign_in::{Arrival, SignedIn, sign_in};
