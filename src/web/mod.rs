//! Floor 6: HTTP: routes, guards, extraction, answers.
