//! Any place where images live, as one thing.

pub mod connect;
