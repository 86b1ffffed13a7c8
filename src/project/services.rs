//! The hosts of a registry and of the services beside it, and the addresses that a `network` section wants for them.

use std::net::IpAddr;

use super::{Edition, Place, Project, Provider, RegistryDecl};
use crate::image::RegistryHost;
use crate::network::Network;
use crate::network::managed::Service;

/// A service of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceNames {
    pub service: Service,
    /// Hosts, each by its whole name; empty where none is known.
    pub hosts: Vec<String>,
    /// The domain below which its hosts are, where they are not named one by one.
    pub domain: Option<String>,
    /// None where the section declares none.
    pub address: Option<IpAddr>,
}

impl ServiceNames {
    /// What BIND has to forward for the service to be found.
    #[must_use]
    pub fn zones(&self) -> Vec<String> {
        if self.hosts.is_empty() { self.domain.iter().cloned().collect() } else { self.hosts.clone() }
    }
}

impl RegistryDecl {
    /// SWR's management API; the Enterprise edition has another one.
    #[must_use]
    pub fn api_host(&self) -> Option<&RegistryHost> {
        match &self.provider {
            Provider::Swr { api, edition: Edition::Basic, .. } => api.as_ref(),
            Provider::Swr { .. } | Provider::Generic | Provider::Harbor => None,
        }
    }

    /// The domain of object storage, whose hosts hand out SWR's blobs.
    fn obs_domain(&self) -> Option<&RegistryHost> {
        match &self.provider {
            Provider::Swr { obs, .. } => obs.as_ref(),
            Provider::Generic | Provider::Harbor => None,
        }
    }
}

impl Project {
    /// The services that `network` leads to; none where its registry is a directory.
    #[must_use]
    pub fn services(&self, network: &Network) -> Vec<ServiceNames> {
        let Some(declared) = self.registry(&network.registry) else { return Vec::new() };
        let Place::Registry(host) = &declared.place else { return Vec::new() };
        let address = |declared: &Option<crate::diag::Spanned<IpAddr>>| declared.as_deref().copied();
        let name = |host: &RegistryHost| host.host().to_owned();
        let obs_hosts = network.obs_hosts.iter().map(|host| name(host)).collect();
        let service = |service, hosts, address| ServiceNames { service, hosts, domain: None, address };
        vec![
            service(Service::Registry, vec![name(host)], address(&network.endpoint)),
            service(Service::Api, declared.api_host().into_iter().map(name).collect(), address(&network.api_endpoint)),
            ServiceNames {
                domain: declared.obs_domain().map(name),
                ..service(Service::Obs, obs_hosts, address(&network.obs_endpoint))
            },
        ]
    }
}
