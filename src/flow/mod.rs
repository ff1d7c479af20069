//! Floor 4: the hub: which step comes next, and the steps.
