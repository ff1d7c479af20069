//! Floor 3: the key tree, sealing at rest, and the signing keys.
