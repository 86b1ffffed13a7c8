//! The project file: `swr.kdl` as typed, validated declarations.

mod declaration;

pub use declaration::{Auth, Edition, Limits, Place, Project, Provider, RegistryDecl, SecretSource, Tls};
