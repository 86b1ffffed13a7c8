//! A tag that no rule selects goes; the manifest stays for whoever else points at it.

use super::Context;
use super::sync::moved;
use crate::diag::{Problem, say};
use crate::plan::{Address, Outcome, PruneWork};

pub(super) async fn prune(work: &PruneWork, context: &Context) -> Outcome {
    match remove(work, context).await {
        Ok(true) => Outcome::Deleted,
        Ok(false) => {
            Outcome::Unchanged { note: say!("gone since the plan was made", "制定计划之后已经不在了") }
        }
        Err(problem) => Outcome::failed(problem),
    }
}

/// False when there is nothing to remove any more.
async fn remove(work: &PruneWork, context: &Context) -> Result<bool, Problem> {
    let target = context.store(&Address::prune(&work.target), &work.target.registry)?.as_target();
    let found = target.head_manifest(&work.target.repository, &work.target.reference).await?;
    let (Some(found), Some(tag)) = (found, work.target.reference.tag()) else { return Ok(false) };
    if Some(&found.digest) != work.before.as_ref() {
        return Err(moved(&work.target, work.before.as_ref(), Some(&found.digest)));
    }
    target.delete_tag(&work.target.repository, tag).await?;
    Ok(true)
}
