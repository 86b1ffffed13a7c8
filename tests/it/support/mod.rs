//! What tests stand on: real servers on free loopback ports, stand-ins of our own, images made from a seed, and the
//! binary in a clean environment. Everything ends and is removed when its value is dropped.

pub mod authority;
pub mod containerd;
pub mod content;
pub mod counting;
pub mod docker;
pub mod expected;
pub mod faults;
pub mod http;
pub mod kdl;
pub mod keeper;
pub mod netns;
pub mod nginx;
pub mod plan;
pub mod process;
pub mod registry;
pub mod server;
pub mod sources;
pub mod swr;
pub mod swr_api;
pub mod swrctl;
pub mod token;
pub mod tools;
