//! The checks behind the registry's first answer: large requests, logins, organizations, and the services beside it.

use std::net::IpAddr;

use futures_util::future::join_all;
use globset::Glob;
use tokio::join;

use super::storage::{self, Storage};
use super::{PathTarget, Turn, Walk, auth_token, large_record, organization};
use crate::diag::{Spanned, Wording, say};
use crate::network::judge::{self, Expectation, Leg, Standing};
use crate::network::{Check, CheckResult};
use crate::registry::StorageLink;

impl Walk<'_> {
    pub(super) async fn beyond(&mut self) {
        let target = self.target;
        let (large, api, token) = join!(
            self.when_due(Check::LargeRecord, large_record::observe(target)),
            self.when_due(Check::DnsApi, dns_api(target)),
            self.when_due(Check::AuthToken, auth_token::observe(target)),
        );
        self.record_all([large, api, token]);
        let (standings, storage) = if target.creates_organization {
            let standings = self.standings().await;
            let storage = match standings.iter().flatten().find_map(Standing::to_be_created) {
                Some(organization) => self.storage(std::future::ready(Storage::Unknown(not_there(organization)))).await,
                None => self.storage(storage::find(target)).await,
            };
            (standings, storage)
        } else {
            join!(self.standings(), self.storage(storage::find(target)))
        };
        let organization = self.when_due(Check::AuthOrganization, async { auth_organization(standings) }).await;
        self.record_all([organization]);
        self.object_storage(storage).await;
    }

    /// What is known of the organizations, where that is to be found out and there are any.
    async fn standings(&self) -> Option<Vec<Standing>> {
        match self.turn(Check::AuthOrganization) {
            Turn::Due if !self.target.organizations.is_empty() => Some(organization::observe(self.target).await),
            Turn::Due | Turn::Left(_) => None,
        }
    }

    /// What the checks of object storage stand on, where one of them is to be made.
    async fn storage(&self, found: impl Future<Output = Storage>) -> Option<Storage> {
        match self.turn(Check::DnsObs) {
            Turn::Due if is_concerned(self.target) => Some(found.await),
            Turn::Due | Turn::Left(_) => None,
        }
    }

    async fn object_storage(&mut self, storage: Option<Storage>) {
        let every = |judge: &dyn Fn(Check) -> CheckResult| OF_STORAGE.map(judge);
        let alike = match storage {
            None => every(&|check| judge::skipped(check, say!("the registry is no SWR", "该镜像仓库不是 SWR"))),
            Some(Storage::Unknown(why)) => {
                self.declared_hosts().await;
                every(&|check| judge::storage_unknown(check, why.clone()))
            }
            Some(Storage::Itself) => every(&judge::storage_is_registry),
            Some(Storage::Links { links, asked }) => return self.storage_hosts(&links, asked).await,
        };
        for result in alike {
            let is_known = self.report.checks.iter().any(|known| known.check == result.check);
            if !is_known && !self.is_left(result.check) {
                self.record(result);
            }
        }
    }

    /// Storage hosts that the project file names can be looked up before there is a blob to be redirected for.
    async fn declared_hosts(&mut self) {
        let hosts = self.target.network.as_ref().map(|network| network.obs_hosts.as_slice()).unwrap_or_default();
        if !hosts.is_empty() && !self.is_left(Check::DnsObs) {
            let legs = join_all(hosts.iter().map(|host| storage::leg(self.target, host.host(), false))).await;
            self.dns_obs(legs);
        }
    }

    fn dns_obs(&mut self, legs: Vec<Leg>) {
        let target = self.target;
        let expected = legs.iter().map(|leg| expected_of_storage(target, &leg.host)).collect::<Vec<_>>();
        let legs: Vec<_> = legs.into_iter().zip(expected).collect();
        self.record(judge::dns_obs(target.need, &legs));
    }

    async fn storage_hosts(&mut self, links: &[StorageLink], asked: usize) {
        let (target, need, mode) = (self.target, self.target.need, self.target.mode());
        if !self.is_left(Check::DnsObs) {
            let legs = storage::legs(target, links).await;
            self.dns_obs(legs);
        }
        let mut fetched = Vec::new();
        if !self.is_left(Check::ObsRedirect) {
            fetched = storage::fetch(target, links).await;
            // Not empty: there is a link.
            self.record(judge::obs_redirect(need, mode, &fetched[0]));
        }
        if !self.is_left(Check::ObsRedirectRepeat) {
            let pins = storage::pins(target, links).await;
            self.record(judge::obs_redirect_repeat(need, mode, asked, &fetched, &pins));
        }
    }
}

const OF_STORAGE: [Check; 3] = [Check::DnsObs, Check::ObsRedirect, Check::ObsRedirectRepeat];

/// Other registries have storage hosts too, but nobody declares how they are reached; unless an image says it.
fn is_concerned(target: &PathTarget) -> bool {
    target.is_swr || target.probe_image().is_some()
}

async fn dns_api(target: &PathTarget) -> CheckResult {
    let Some(api) = &target.api else {
        let why = if target.is_swr {
            say!("its host is not known: name it with `api-host`", "不知道它的主机：用 `api-host` 写明")
        } else {
            say!("the registry is no SWR", "该镜像仓库不是 SWR")
        };
        return judge::skipped(Check::DnsApi, why);
    };
    let leg = storage::leg(target, api.host(), false).await;
    let endpoint = target.network.as_ref().and_then(|network| network.api_endpoint.as_ref());
    judge::dns_api(&leg, &expectation(target, "api-endpoint", endpoint), target.creates_organization)
}

fn auth_organization(standings: Option<Vec<Standing>>) -> CheckResult {
    match standings {
        Some(standings) => judge::auth_organization(&standings),
        None => {
            let why = say!("nothing is pushed to an organization of it", "没有要推送到的组织");
            judge::skipped(Check::AuthOrganization, why)
        }
    }
}

fn not_there(organization: &str) -> Wording {
    say!(
        "the organization `{organization}` does not exist yet: there is no image to be redirected for",
        "组织 `{organization}` 还不存在：没有可以触发重定向的镜像",
        organization
    )
}

fn expectation(target: &PathTarget, node: &'static str, endpoint: Option<&Spanned<IpAddr>>) -> Expectation {
    Expectation { mode: target.mode(), endpoint: endpoint.map(|address| address.value), node }
}

/// The endpoint for object storage is for the hosts that its glob names.
fn expected_of_storage(target: &PathTarget, host: &str) -> Expectation {
    let network = target.network.as_ref();
    let names = network.and_then(|network| network.obs_names.as_ref());
    let is_named = |names: &Spanned<String>| Glob::new(names).is_ok_and(|glob| glob.compile_matcher().is_match(host));
    let endpoint = network.and_then(|network| network.obs_endpoint.as_ref());
    expectation(target, "obs-endpoint", endpoint.filter(|_| names.is_none_or(is_named)))
}
