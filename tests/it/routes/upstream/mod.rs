//! Logins at vendors: leaving, coming back, binding, and what goes wrong.

mod bind;
mod narrowing;
mod native;
mod one_tap;
mod others;
mod owners;
mod proofs;
mod refusals;
mod returns;
mod scene;
mod states;
mod taps;
mod trouble;
mod unbind;
mod unbind_refused;
mod ways;
mod wechat;
