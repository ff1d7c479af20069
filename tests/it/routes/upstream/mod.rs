//! Logins at vendors: leaving, coming back, binding, and what goes wrong.

mod bind;
mod native;
mod others;
mod scene;
mod states;
mod wechat;
