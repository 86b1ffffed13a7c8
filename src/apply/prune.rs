//! A tag that no rule selects goes; the manifest stays for whoever else points at it.

use super::Context;
use crate::diag::Problem;
use crate::plan::{Outcome, PruneWork, TARGET_MOVED};

pub(super) async fn prune(work: &PruneWork, context: &Context) -> Outcome {
    match remove(work, context).await {
        Ok(true) => Outcome::Deleted,
        Ok(false) => Outcome::Unchanged { note: "gone since the plan was made".to_owned() },
        Err(problem) => Outcome::Failed { problem },
    }
}

/// False when there is nothing to remove any more.
async fn remove(work: &PruneWork, context: &Context) -> Result<bool, Problem> {
    let target = context.stores.get(&work.target.registry)?;
    let found = target.head_manifest(&work.target.repository, &work.target.reference).await?;
    let (Some(found), Some(tag)) = (found, work.target.reference.tag()) else { return Ok(false) };
    if Some(&found.digest) != work.before.as_ref() {
        let message = format!("{} moved since the plan was made: now it holds {}", work.target, found.digest);
        return Err(Problem::new(TARGET_MOVED, message).with_help("look who else writes this tag, then plan again"));
    }
    target.delete_tag(&work.target.repository, tag).await?;
    Ok(true)
}
