//! Where SWR and the services beside it are found, region by region: a table, not a format string.

use crate::image::RegistryHost;

/// The domain of a cloud, and its regions that have SWR. Sources: the region table of Huawei Cloud's SDK for SWR, and
/// "Regions and Endpoints" of Open Telekom Cloud, which runs the same services (both read in 2026).
const CLOUDS: [(&str, &[&str]); 3] = [
    (
        "myhuaweicloud.com",
        &[
            "ae-ad-1",
            "af-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "cn-east-2",
            "cn-east-3",
            "cn-north-1",
            "cn-north-2",
            "cn-north-4",
            "cn-north-9",
            "cn-south-1",
            "cn-south-2",
            "cn-southwest-2",
            "la-north-2",
            "la-south-2",
            "na-mexico-1",
            "ru-northwest-2",
            "sa-brazil-1",
            "tr-west-1",
        ],
    ),
    ("myhuaweicloud.eu", &["eu-west-101"]),
    ("otc.t-systems.com", &["eu-de", "eu-nl"]),
];

/// The hosts of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// SWR Basic, the registry.
    pub registry: RegistryHost,
    /// SWR's management API: organizations, quotas, lists of tags.
    pub api: RegistryHost,
    /// Object storage (OBS), which hands out the blobs: a bucket is `BUCKET.<this>`.
    pub obs: RegistryHost,
}

impl Services {
    /// Those of a region of the table; `region` may be a regional sub-project (`cn-north-4_team`).
    #[must_use]
    pub fn of_region(region: &str) -> Option<Self> {
        let region = without_project(region);
        let (domain, _) = CLOUDS.iter().find(|(_, regions)| regions.contains(&region))?;
        Self::in_domain(region, domain)
    }

    /// Those beside `host`, which is SWR's in a known cloud; the region itself may be newer than the table.
    #[must_use]
    pub fn beside(host: &str) -> Option<Self> {
        let (region, domain) = split(host)?;
        Self::in_domain(region, domain)
    }

    fn in_domain(region: &str, domain: &str) -> Option<Self> {
        let host = |service: &str| format!("{service}.{region}.{domain}").parse().ok();
        Some(Self { registry: host("swr")?, api: host("swr-api")?, obs: host("obs")? })
    }
}

/// Every region of the table.
pub fn known_regions() -> impl Iterator<Item = &'static str> {
    CLOUDS.iter().flat_map(|(_, regions)| regions.iter().copied())
}

/// The region in a host of SWR Basic: `swr.<region>.<domain of a known cloud>`.
#[must_use]
pub fn region_of(host: &str) -> Option<&str> {
    split(host).map(|(region, _)| region)
}

/// A region without the name of a regional sub-project.
#[must_use]
pub fn without_project(region: &str) -> &str {
    region.split_once('_').map_or(region, |(region, _)| region)
}

fn split(host: &str) -> Option<(&str, &'static str)> {
    let rest = host.strip_prefix("swr.")?;
    let in_cloud = |domain: &'static str| Some((rest.strip_suffix(domain)?.strip_suffix('.')?, domain));
    let (region, domain) = CLOUDS.iter().find_map(|(domain, _)| in_cloud(domain))?;
    (!region.is_empty() && !region.contains(['.', ':'])).then_some((region, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(services: Option<Services>) -> [String; 3] {
        let Services { registry, api, obs } = services.unwrap();
        [registry, api, obs].map(|host| host.to_string())
    }

    #[test]
    fn each_cloud_has_its_own_domain() {
        assert_eq!(
            hosts(Services::of_region("cn-north-4")),
            [
                "swr.cn-north-4.myhuaweicloud.com",
                "swr-api.cn-north-4.myhuaweicloud.com",
                "obs.cn-north-4.myhuaweicloud.com"
            ]
        );
        assert_eq!(hosts(Services::of_region("eu-west-101"))[1], "swr-api.eu-west-101.myhuaweicloud.eu");
        assert_eq!(hosts(Services::of_region("eu-de"))[2], "obs.eu-de.otc.t-systems.com");
        assert_eq!(hosts(Services::of_region("cn-south-1_team"))[0], "swr.cn-south-1.myhuaweicloud.com");
        assert_eq!(Services::of_region("moon-1"), None);
    }

    #[test]
    fn a_host_tells_its_region_also_one_that_the_table_does_not_have_yet() {
        assert_eq!(hosts(Services::beside("swr.xx-new-9.myhuaweicloud.com"))[1], "swr-api.xx-new-9.myhuaweicloud.com");
        for host in ["swr.myhuaweicloud.com", "swr..myhuaweicloud.com", "swr.a.b.myhuaweicloud.com", "swr.a.example"] {
            assert_eq!(region_of(host), None, "{host}");
        }
    }

    #[test]
    fn a_region_is_in_one_cloud_and_its_own_host_leads_back_to_it() {
        let mut seen = std::collections::BTreeSet::new();
        for region in known_regions() {
            assert!(seen.insert(region), "{region}");
            let services = Services::of_region(region).unwrap();
            assert_eq!(region_of(services.registry.host()), Some(region));
            assert_eq!(Services::beside(services.registry.host()), Some(services));
        }
    }
}
