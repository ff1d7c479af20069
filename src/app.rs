//! Floor 5: the composition root: builds the services once.
