//! Floor 7: the demo: people, example relying party, example API.
