//! `/login/sms`: a phone, an account, a code.

mod enumeration;
mod hostile;
mod ways;
