//! What of a run of checks is kept: findings with their lives, for the store to write.

use std::collections::{BTreeSet, HashMap, HashSet};

use fathom_access::{AccessError, Seen};
use fathom_checks::{Check, Checks, Status};
use fathom_content::{Content, demands::Trait};
use fathom_findings::{Heard, follow};
use fathom_model::{
    AccountId, DataClass, FindingProof, FindingReason, FixedBy, KeptFinding, Region, ResourceType, Timestamp,
    Uid,
};
use fathom_store::{FindingUpdate, KnownFinding, Store, StoreError, Which};
use futures::{Stream, TryStreamExt as _, stream};

use crate::{Again, Finding, Ground, Posture, part::NAMED_MAX, subject};

/// Which part of all there is a run asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// Only this account.
    pub account: Option<String>,
    /// Only what this team answers for.
    pub owner: Option<String>,
    /// Whether all checks were asked that there are: one that is not among them is no check any more.
    pub all_checks: bool,
}

impl Extent {
    /// Whether a resource was asked about.
    pub fn wants(&self, one: &Seen, owner: Option<&str>) -> bool {
        self.account.as_ref().is_none_or(|account| *account == one.account)
            && self.owner.as_deref().is_none_or(|wanted| owner == Some(wanted))
    }

    /// Whether all checks were asked of everything.
    pub fn is_whole(&self) -> bool {
        self.all_checks && self.account.is_none() && self.owner.is_none()
    }

    /// Whether a resource that is not there any more was asked about. Who answered for it is not known any more.
    fn wants_gone(&self, account: &str) -> bool {
        self.owner.is_none() && self.account.as_ref().is_none_or(|wanted| wanted == account)
    }
}

/// What a run makes of the findings that there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Those that are new or otherwise than before.
    pub updates: Vec<FindingUpdate>,
    /// Those that are as they were, and were seen again.
    pub seen: Vec<String>,
}

/// Compares what a run found with what was known. The run must have kept all answers that fail or are unknown. A finding of which
/// nothing was asked stays as it is; one whose resource is gone is fixed; what is not known fixes nothing.
///
/// # Errors
/// When the store fails.
pub async fn keep(
    store: &Store,
    content: &Content,
    checks: &Checks,
    ground: &mut Ground<'_>,
    (posture, extent): (&Posture, &Extent),
    at: Timestamp,
) -> Result<Kept, AccessError> {
    let known = store.stream_known_findings();
    compare(store, content, checks, ground, (posture, extent, known), at).await
}

/// The same of what was asked again: all else is as it was.
///
/// # Errors
/// When the store fails.
pub async fn keep_again(
    store: &Store,
    content: &Content,
    checks: &Checks,
    (again, extent): (&mut Again<'_>, &Extent),
    at: Timestamp,
) -> Result<Kept, AccessError> {
    let uids: Vec<Uid> = again.asked.iter().chain(&again.gone).cloned().collect();
    let known = stream::iter([Ok(store.known_findings_about(&uids).await?)]);
    let posture = &again.posture;
    compare(store, content, checks, &mut again.ground, (posture, extent, known), at).await
}

async fn compare(
    store: &Store,
    content: &Content,
    checks: &Checks,
    ground: &mut Ground<'_>,
    (posture, extent, known): (&Posture, &Extent, impl Stream<Item = Result<Vec<KnownFinding>, StoreError>>),
    at: Timestamp,
) -> Result<Kept, AccessError> {
    let failing_now: BTreeSet<Uid> = failing(posture).map(|one| Uid::new(&one.resource)).collect();
    let failing_now: Vec<Uid> = failing_now.into_iter().collect();
    for uids in failing_now.chunks(NAMED_MAX) {
        ground.classes(store, &Which { uids: uids.to_vec(), ..Which::all() }).await?;
    }
    let told: HashMap<&str, &Finding> =
        posture.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect();
    let mut fresh: HashSet<&str> = failing(posture).map(|finding| finding.id.as_str()).collect();
    let by_id: HashMap<&str, &Check> =
        checks.all.iter().map(|check| (check.definition.id.as_str(), check)).collect();
    let mut kept = Kept::default();
    let mut known = std::pin::pin!(known);
    while let Some(chunk) = known.try_next().await? {
        for known in chunk {
            let one = &known.finding;
            fresh.remove(one.id.as_str());
            let found = told.get(one.id.as_str()).copied();
            let heard = match found {
                Some(finding) if finding.status == Status::Fail => Heard::Fails,
                Some(finding) if finding.status == Status::Unknown => Heard::Unknown,
                _ => match heard(one, &by_id, ground, extent) {
                    Some(heard) => heard,
                    None => continue,
                },
            };
            let Some((life, change)) = follow(Some(&one.life), heard, at) else { continue };
            let proof = proof(heard, found, Some(&known))?;
            let mut now = match found {
                Some(finding) => ground.kept(content, finding, one.life),
                None => one.clone(),
            };
            let same =
                now == *one && life == (fathom_model::FindingLife { last_seen: life.last_seen, ..one.life });
            if !same || proof.is_some() {
                now.life = life;
                kept.updates.push(FindingUpdate { finding: now, proof, change });
            } else if heard == Heard::Fails {
                kept.seen.push(one.id.clone());
            }
        }
    }
    for finding in failing(posture).filter(|one| fresh.contains(one.id.as_str())) {
        if let Some((life, change)) = follow(None, Heard::Fails, at) {
            let proof = proof(Heard::Fails, Some(finding), None)?;
            kept.updates.push(FindingUpdate { finding: ground.kept(content, finding, life), proof, change });
        }
    }
    Ok(kept)
}

fn failing(posture: &Posture) -> impl Iterator<Item = &Finding> {
    posture.findings.iter().filter(|finding| finding.status == Status::Fail)
}

/// What is heard of a finding that does not fail and is not unknown; none where nothing was asked of it.
fn heard(
    one: &KeptFinding,
    checks: &HashMap<&str, &Check>,
    ground: &Ground<'_>,
    extent: &Extent,
) -> Option<Heard> {
    let Some(check) = checks.get(one.check.as_str()) else {
        // Without its check nobody can say any more whether it is so.
        return extent.all_checks.then_some(Heard::Unknown);
    };
    let arn = one.resource.as_str();
    let Some(seen) = ground.seen.get(arn) else {
        return extent.wants_gone(one.account.as_str()).then_some(Heard::Fixed(FixedBy::Gone));
    };
    if !extent.wants(seen, ground.owner(arn)) {
        return None;
    }
    Some(match check.ask(&subject(seen), ground).status {
        Status::Pass => Heard::Fixed(FixedBy::Passes),
        Status::NotApplicable => Heard::Fixed(FixedBy::NotApplicable),
        Status::Fail => Heard::Fails,
        Status::Unknown => Heard::Unknown,
    })
}

/// What its check says now, where that is otherwise than before.
fn proof(
    heard: Heard,
    found: Option<&Finding>,
    before: Option<&KnownFinding>,
) -> Result<Option<FindingProof>, StoreError> {
    let now = match (heard, found) {
        (Heard::Fails, Some(finding)) => {
            let reason = |reason: &fathom_checks::Reason| FindingReason {
                path: reason.path.clone(),
                value: reason.value.clone(),
            };
            FindingProof {
                why: finding.why.iter().map(reason).collect(),
                proof: finding.proof.clone(),
                missing: Vec::new(),
            }
        }
        // What decided last is what is known.
        (Heard::Unknown, Some(finding)) => {
            let before = before.map(KnownFinding::proof).transpose()?.unwrap_or_default();
            FindingProof { missing: finding.missing.clone(), ..before }
        }
        _ => return Ok(None),
    };
    Ok((!before.is_some_and(|before| before.is_proven_by(&now))).then_some(now))
}

impl Ground<'_> {
    /// A finding as it is kept.
    fn kept(&self, content: &Content, finding: &Finding, life: fathom_model::FindingLife) -> KeptFinding {
        let class = self.classes.get(&finding.resource).and_then(|word| DataClass::parse(word));
        let definition = content.resources.get(finding.resource_type.as_str());
        KeptFinding {
            id: finding.id.clone(),
            check: finding.check.clone(),
            title: finding.title.clone(),
            severity: finding.severity,
            resource: Uid::new(&finding.resource),
            resource_type: ResourceType::from(finding.resource_type.as_str()),
            name: finding.name.clone(),
            account: AccountId::from(finding.account.as_str()),
            region: Region::from(finding.region.as_str()),
            owner: finding.owner.clone(),
            class,
            keeps_data: definition.is_some_and(|one| one.traits.contains(&Trait::StoresData)),
            tags: std::collections::BTreeMap::new(),
            life,
        }
    }
}
