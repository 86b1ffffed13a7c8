//! The integration tests, one binary. What needs a real server or client stands under [`real`]; `tests/run --quick`
//! leaves only that out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the harness fails a test by panicking")]
#![allow(clippy::print_stderr, reason = "a failed test shows the logs of its servers")]
#![allow(unreachable_pub, reason = "`pub` marks what a support module offers to tests")]

mod architecture;
mod chinese;
mod cli;
mod differential;
mod docs;
mod examples;
mod fuzz;
mod hygiene;
mod integrations;
mod lint;
mod policy;
mod real;
mod support;
