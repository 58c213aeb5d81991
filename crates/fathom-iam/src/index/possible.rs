//! Who can, where few might: these are asked of one after the other, which takes less than a set over everyone.

use std::collections::BTreeSet;

use super::{Index, bits::Bits};
use crate::{
    context::Context,
    evaluate::tables::{self, Ruled},
    layers::{Held, Layer},
    organisation::{Target, who},
    policy::Named,
    verdict::Decision,
};

/// From so many on, everyone is asked at once.
const FEW: usize = 16;

impl Index {
    /// Who can, perhaps under conditions or for all that is known, by growing number: all whom [`decide`](Self::decide) does
    /// not refuse.
    ///
    /// # Errors
    /// When action or resource are not of their form.
    pub fn possible(
        &self,
        action: &str,
        target: &Target,
        given: &Context,
    ) -> Result<Vec<(u32, Decision)>, String> {
        let is_yes = |decision| !matches!(decision, Decision::ImplicitlyDenied | Decision::ExplicitlyDenied);
        if let Some(few) = self.few(action, target, given)? {
            let mut found = Vec::new();
            for number in few {
                let Some(member) = self.members.get(number) else { continue };
                let decision = self.organisation.ask(&member.name, action, target, given.clone())?.decision;
                if is_yes(decision) {
                    found.push((number, decision));
                }
            }
            return Ok(found);
        }
        let decisions = self.decide(action, target, given)?;
        Ok(decisions.possible().iter().map(|number| (number, decisions.of(number))).collect())
    }

    /// All who might, by growing number; none where these are many, or where that is not told by who is named.
    fn few(&self, action: &str, target: &Target, given: &Context) -> Result<Option<Vec<u32>>, String> {
        let Some(first) = self.members.get(0) else { return Ok(Some(Vec::new())) };
        let guard = self.organisation.guard(target);
        let request = self.organisation.request(&first.name, action, target, &guard, given.clone())?;
        let Some(home) = request.resource_account().filter(|_| request.resource.arn != "*") else {
            return Ok(None);
        };
        let is_told = !Self::is_about_the_asker(given)
            && guard.bucket.object_owner.is_none()
            && !tables::is_unnamed(&request)
            && !tables::is_of_aws(&request)
            && tables::ruled(&request) != Some(Ruled::Always);
        let asks_policy = tables::asks_resource_policy(&request);
        let is_read = match &guard.policy {
            Layer::None => true,
            Layer::NotRead => !asks_policy,
            Layer::Policies(held) => !asks_policy || held.iter().all(|held| matches!(held, Held::Read(_))),
        };
        if !is_told || !is_read {
            return Ok(None);
        }
        // Whom the resource's side names lets in by itself, or with the identity policies of the account that it names.
        let (mut accounts, mut few) = (BTreeSet::new(), BTreeSet::new());
        for named in who::named(&guard) {
            match &named {
                Named::Everyone | Named::CanonicalUser(_) => return Ok(None),
                Named::Account(account) => {
                    accounts.insert(account.clone());
                }
                _ => few.extend(self.members.named(&named).iter().flat_map(|(mask, _)| mask.iter())),
            }
        }
        if !tables::must_resource_allow(&request) {
            accounts.insert(home);
        }
        let masks: Vec<&Bits> = accounts.iter().filter_map(|one| self.members.accounts.get(one)).collect();
        let marks = self.marks(&target.arn);
        let near = self.near(action, &marks);
        for mask in &masks {
            few.extend(near.anywhere().and(mask).iter().take(FEW + 1));
        }
        for entry in near.allowing() {
            let within =
                entry.holders().iter().filter(|holder| masks.iter().any(|mask| mask.contains(**holder)));
            few.extend(within.take(FEW + 1));
        }
        Ok((few.len() <= FEW).then(|| few.into_iter().collect()))
    }
}
