//! `/login/sms`: a phone, an account, a code.

mod budgets;
mod by_wire;
mod enumeration;
mod hostile;
mod trouble;
mod ways;
