//! Rules over Dockerfiles and the policy that weighs them. No I/O.

pub mod policy;
