//! Accounts, people and clients as they are declared and changed.

mod apply;
mod operator;
mod support;
mod wrong_files;
