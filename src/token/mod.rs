//! Floor 4: codes, tokens and what may be done with them.
