//! `/login/sms`: a phone, an account, a code.

mod by_wire;
mod enumeration;
mod hostile;
mod ways;
