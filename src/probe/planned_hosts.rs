//! Hosts files that apply is going to write: paths are proved as they will be.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::network::hosts;
use crate::network::managed::{FileFacts, Form};

/// A hosts file that is still to be written.
#[derive(Clone, Debug)]
pub struct PlannedHosts {
    pub text: Vec<u8>,
    /// The system's own: then its lines are what names resolve to.
    pub is_system: bool,
}

impl PlannedHosts {
    /// Hosts files that are to be written, by the registries they are about.
    #[must_use]
    pub fn by_registry(files: &[FileFacts]) -> BTreeMap<String, Self> {
        let changes = files.iter().filter(|file| file.form == Form::Hosts).filter_map(|file| {
            let text = file.change.as_ref().ok()?.after.clone()?;
            Some((file, Self { text, is_system: file.is_system_hosts }))
        });
        changes
            .flat_map(|(file, planned)| file.registries.iter().map(move |name| (name.clone(), planned.clone())))
            .collect()
    }

    /// Addresses that `host` will have by it.
    #[must_use]
    pub fn addresses(&self, host: &str) -> Vec<IpAddr> {
        let pins = hosts::pins(&String::from_utf8_lossy(&self.text), host).into_iter();
        pins.filter(|_| self.is_system).map(|pin| pin.address).collect()
    }
}
