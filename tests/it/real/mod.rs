//! Tests that start real servers and clients; `tests/run` installs these.

mod clients;
mod faults;
mod registries;
mod swr;
