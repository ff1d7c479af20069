//! The login methods, one file each, and the steps that those with a password
//! share (`password_check`, `settlement`), those that prove a phone number
//! (`phone_holders`, `phone_rows`), or those of vendors (`vendor`). Built by the
//! registry alone.

pub mod alipay;
pub mod iam_user;
pub mod oidc;
pub mod one_tap;
pub mod password;
pub mod password_check;
mod phone_holders;
pub mod phone_rows;
mod settlement;
pub mod sms;
pub mod sub_account;
pub mod taobao;
mod vendor;
pub mod wechat;
