//! Floor 4: the sign-ins of one browser.
