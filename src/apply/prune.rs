//! A tag that no rule selects goes; the manifest stays for whoever else points at it.

use super::Context;
use super::sync::moved;
use crate::diag::{Problem, say};
use crate::plan::{Address, Outcome, PruneWork};
use crate::store::Removal;

pub(super) async fn prune(work: &PruneWork, context: &Context) -> Outcome {
    match remove(work, context).await {
        Ok(Removal::Done) => Outcome::Deleted,
        Ok(Removal::Absent) => {
            Outcome::Unchanged { note: say!("gone since the plan was made", "制定计划之后已经不在了") }
        }
        Ok(Removal::Moved(found)) => Outcome::failed(moved(&work.target, work.before.as_ref(), Some(&found))),
        Err(problem) => Outcome::failed(problem),
    }
}

async fn remove(work: &PruneWork, context: &Context) -> Result<Removal, Problem> {
    let target = context.store(&Address::prune(&work.target), &work.target.registry)?.as_target();
    let (Some(tag), Some(before)) = (work.target.reference.tag(), &work.before) else { return Ok(Removal::Absent) };
    Ok(target.delete_tag(&work.target.repository, tag, before).await?)
}
