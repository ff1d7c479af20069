//! Floor 2: the things of the house and their states, pure.
