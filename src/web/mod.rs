//! Floor 6: HTTP: routes, guards, extraction, answers.

pub mod assets;
pub mod csp;
pub mod pages;
