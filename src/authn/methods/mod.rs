//! The login methods, one file each, and the steps that those with a password
//! share (`password_check`, `settlement`). Built by the registry alone.

pub mod iam_user;
pub mod password;
pub mod password_check;
mod settlement;
pub mod sub_account;
