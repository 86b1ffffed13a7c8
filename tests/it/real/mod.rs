//! Tests that start real servers and clients; `tests/run` installs these.

mod clients;
mod costs;
mod damage;
mod examples;
mod faults;
mod hostile;
mod kill;
mod links;
mod login;
mod managed;
mod migrate;
mod network;
mod organizations;
mod polite;
mod recovery;
mod referrers;
mod registries;
mod reports;
mod resume;
mod selection;
mod shellcheck;
mod storage;
mod swr;
mod swr_target;
mod vendor_lists;
mod verify;
