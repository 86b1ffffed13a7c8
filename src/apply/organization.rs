//! Creates organizations that a push would not.

use super::Context;
use crate::diag::{Problem, say};
use crate::plan::{OrganizationWork, Outcome};
use crate::registry::Creation;
use crate::store::Store;

pub(super) async fn create(work: &OrganizationWork, context: &Context) -> Outcome {
    match try_create(work, context).await {
        Ok(Creation::Created) => Outcome::Created { bytes: 0, digest: None },
        Ok(Creation::Present) => {
            Outcome::Unchanged { note: say!("exists since the plan was made", "制定计划之后已经存在") }
        }
        Ok(Creation::Taken) => Outcome::failed(taken(work)),
        Ok(Creation::Refused(error)) => {
            let message = say!(
                "SWR does not create `{organization}`: {reason}",
                "SWR 没有创建 `{organization}`：{reason}",
                organization = work.organization,
                reason = error.problem().message
            );
            let help = say!(
                "an account may have 5 organizations unless its quota was raised: delete one, ask for a higher quota, or use \
                 one that exists",
                "账号默认最多 5 个组织：删除一个，申请更高的配额，或者使用已有的组织"
            );
            Outcome::failed(Problem::new("organization-refused", message).with_help(help))
        }
        Err(problem) => Outcome::failed(problem),
    }
}

async fn try_create(work: &OrganizationWork, context: &Context) -> Result<Creation, Problem> {
    let management = match context.stores.get(&work.registry)? {
        Store::Registry(client) => client.management(),
        Store::Layout(_) => None,
    };
    let unmanaged = || {
        let message = say!(
            "`{registry}` has no management API that creates organizations",
            "`{registry}` 没有可以创建组织的管理 API",
            registry = work.registry
        );
        Problem::new("no-management", message).with_help(say!(
            "give the registry `provider \"swr\"` and an access key in `auth`",
            "给该镜像仓库写 `provider \"swr\"`，并在 `auth` 里写访问密钥"
        ))
    };
    management.ok_or_else(unmanaged)?.create(&work.organization).await.map_err(|error| error.problem())
}

fn taken(work: &OrganizationWork) -> Problem {
    let message = say!(
        "the organization `{organization}` belongs to another account: names are unique over all of SWR",
        "组织 `{organization}` 属于别的账号：组织名在整个 SWR 里唯一",
        organization = work.organization
    );
    Problem::new("organization-taken", message).with_help(say!(
        "choose another name, or let its owner give this access key a permission in it",
        "换一个名字，或者请它的所有者给这个访问密钥授权"
    ))
}
