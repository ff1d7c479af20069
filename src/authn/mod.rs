//! Floor 4: how a person proves who they are.
