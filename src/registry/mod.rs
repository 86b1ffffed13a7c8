//! A client of the OCI distribution specification: what one registry holds, read and written over HTTP.
//!
//! Owns connections, logins, pacing, retries and what registries do differently; knows nothing of project files,
//! plans or progress. What leaves this module carries no secret: not in errors, not in `Debug`.

mod auth;
mod bandwidth;
mod blob;
mod classify;
mod client;
mod closed;
mod delete;
mod download;
mod error;
mod error_body;
mod exchange;
mod http;
mod limit;
mod link;
mod manifest;
mod pace;
mod parts;
mod quota;
mod recent;
mod redact;
mod referrers;
mod resume;
mod retry;
mod secret;
mod skew;
mod stall;
mod storage;
mod tags;
mod tls;
mod upload;
mod vendor;
mod verifier;
mod wording;

#[cfg(test)]
mod tests;

pub use auth::docker_config::{self, Environment};
pub use auth::swr;
pub use auth::{Access, Credentials};
pub use bandwidth::Bandwidth;
pub use client::{Client, Settings};
pub use delete::Removal;
pub use error::{Error, Kind};
pub use error_body::ServerError;
pub use limit::{Limits, Pacer};
pub use manifest::{Replaced, Stored};
pub use quota::Pulls;
pub use retry::Retry;
pub use secret::Secret;
pub use storage::StorageLink;
pub(crate) use tls::client_config;
pub use tls::{ClientCertificate, PemError, TLS_SETTINGS, TlsSettings, TrustedCertificates};
pub use upload::{CheckedBy, Mount, Upload};
pub use vendor::{AccessKeys, Creation, Management, Vendor};
pub(crate) use verifier::Verifier;
pub use wording::MISSING_ORGANIZATION;
