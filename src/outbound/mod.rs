//! Floor 3: the one HTTP client for calls we make.
