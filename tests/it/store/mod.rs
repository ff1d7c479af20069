//! The store on both databases.

mod engine;
mod group_commit;
mod migrations;
mod postgres;
mod throttle;
