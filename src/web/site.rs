//! What every handler shares: the services, and what of the issuer matters to HTTP.

use super::cookie::Cookie;
use crate::app::App;

/// One issuer, as HTTP sees it. Derefs to the services.
pub struct Site {
    app: App,
    /// Our own origin, as browsers send it.
    pub origin: String,
    /// The browser's cookie.
    pub cookie: Cookie,
}

impl Site {
    /// The site of an app.
    #[must_use]
    pub fn new(app: App) -> Self {
        let issuer = &app.config.server.issuer;
        let scheme = if issuer.is_https() { "https" } else { "http" };
        let cookie = if issuer.is_https() { Cookie::Host } else { Cookie::Loopback };
        Self { origin: format!("{scheme}://{}", issuer.authority()), cookie, app }
    }
}

impl std::ops::Deref for Site {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}
