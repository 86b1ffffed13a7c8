//! Creates organizations that a push would not.

use super::Context;
use crate::diag::Problem;
use crate::plan::{OrganizationWork, Outcome};
use crate::registry::Creation;
use crate::store::Store;

pub(super) async fn create(work: &OrganizationWork, context: &Context) -> Outcome {
    match try_create(work, context).await {
        Ok(Creation::Created) => Outcome::Created { bytes: 0 },
        Ok(Creation::Present) => Outcome::Unchanged { note: "exists since the plan was made".to_owned() },
        Ok(Creation::Taken) => Outcome::Failed { problem: taken(work) },
        Ok(Creation::Refused(error)) => {
            let message = format!("SWR does not create `{}`: {}", work.organization, error.problem().message);
            let help = "an account may have 5 organizations unless its quota was raised: delete one, ask for a higher quota, \
                        or use one that exists";
            Outcome::Failed { problem: Problem::new("organization-refused", message).with_help(help) }
        }
        Err(problem) => Outcome::Failed { problem },
    }
}

async fn try_create(work: &OrganizationWork, context: &Context) -> Result<Creation, Problem> {
    let management = match context.stores.get(&work.registry)? {
        Store::Registry(client) => client.management(),
        Store::Layout(_) => None,
    };
    let unmanaged = || {
        let message = format!("`{}` has no management API that creates organizations", work.registry);
        Problem::new("no-management", message)
            .with_help("give the registry `provider \"swr\"` and an access key in `auth`")
    };
    management.ok_or_else(unmanaged)?.create(&work.organization).await.map_err(|error| error.problem())
}

fn taken(work: &OrganizationWork) -> Problem {
    let message = format!(
        "the organization `{}` belongs to another account: names are unique over all of SWR",
        work.organization
    );
    Problem::new("organization-taken", message)
        .with_help("choose another name, or let its owner give this access key a permission in it")
}
