//! Floor 4: accounts, sub-accounts, IAM users and their credentials.
