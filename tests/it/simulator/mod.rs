//! The simulated vendors over HTTP, as a connector and as a person meet them.

mod faults;
mod messages;
pub mod vendor;
mod wechat;
