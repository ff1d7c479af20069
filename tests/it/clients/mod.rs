//! Real clients, over real sockets: what they believe of the standards is what
//! counts. Those of other languages stand in `tests/clients/`.

mod openidconnect;
pub mod over_tcp;
