//! The store on both databases.

mod callers;
mod engine;
mod group_commit;
mod migrations;
mod postgres;
mod throttle;
