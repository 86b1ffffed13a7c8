//! swrctl plans and applies what a `swr.kdl` project file declares: Dockerfile policies, the network path to
//! container registries, and the migration of images between them.
//!
//! ```text
//! swr.kdl ──Project::parse──▶ Project ──observe──▶ Inventory ──plan()──▶ Plan ──report──▶ human / json / dot
//!               (pure)           │    (reads only)      │      (pure)     │
//!                                └──────────────────────┘                 └──apply──▶ Outcomes ──report──▶
//!                                                                            (writes)
//! ```
//!
//! `ls src` is the architecture. Modules stand in layers and import only from lower ones; `tests/it/architecture.rs`
//! holds that.
//!
//! | layer | modules |
//! |---|---|
//! | 0 | [`diag`] what is wrong, where and what to do; [`image`] names, digests, manifests |
//! | 1 | [`dockerfile`] a Dockerfile as instructions with spans |
//! | 2 | [`lint`] rules and policy; [`network`] modes and checks; [`migrate`] migrations, selection, tag filters |
//! | 3 | [`project`] the project file; [`registry`] distribution-spec client; [`layout`] OCI image layout directories |
//! | 4 | [`plan`] the planner, pure; [`store`] any place where images live; [`probe`] network checks as real probes; [`state`] what a run leaves for the next; [`worktree`] Dockerfiles and managed files on disk |
//! | 5 | [`observe`] reads everything the planner needs; [`apply`] carries a plan out; [`report`] renders |
//! | 6 | [`cli`] arguments and wiring, one file a command |
#![forbid(unsafe_code)]

pub mod apply;
pub mod cli;
pub mod diag;
pub mod dockerfile;
pub mod image;
pub mod layout;
pub mod lint;
pub mod migrate;
pub mod network;
pub mod observe;
pub mod plan;
pub mod probe;
pub mod project;
pub mod registry;
pub mod report;
pub mod state;
pub mod store;
pub mod worktree;
