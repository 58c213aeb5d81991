//! What would change if a policy were another.

mod questions;

use std::collections::{BTreeMap, BTreeSet};

use fathom_catalogue::Kind as Access;
use fathom_iam::{
    Context, Index,
    layers::Held,
    organisation::{Asker, Change, Control, Target},
};
use questions::Question;
use serde::Serialize;

use crate::{
    AccessError,
    permissions::{Answer, Permissions},
};

/// Of so many each is asked by itself; of more, everyone is at once.
const ONE_BY_ONE_MAX: usize = 16;
/// The most single decisions, or what takes as long.
const WORK_MAX: usize = 200_000;
/// What a decision about everyone takes, in single decisions.
const EVERYONE: usize = 8;
/// The most rows.
const ROWS_MAX: usize = 10_000;
/// Patterns that are told to match nothing.
const UNMATCHED_MAX: usize = 20;

/// What would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// Permissions that appear, disappear or are of another certainty; those that appear first, what weighs most first.
    pub rows: Vec<ChangedRow>,
    /// How many permissions appear, one for each principal, action and resource.
    pub gained: usize,
    /// How many disappear.
    pub lost: usize,
    /// How many stay, under other conditions or with another certainty.
    pub altered: usize,
    /// How many permissions are not in the rows, because these are many.
    pub not_shown: usize,
    /// Of how many users, roles and root users it may be another.
    pub principals: usize,
    /// How many pairs of an action and a resource were asked about, the same to all that no policy tells apart.
    pub questions: usize,
    /// How many of them were not, because they are many: the answer is not whole.
    pub not_asked: usize,
    /// Patterns of resources that match nothing that a scan saw: what they give or take is not in the answer.
    pub unmatched: Vec<String>,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

/// Actions of one kind on one resource that would be permitted to somebody in another way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedRow {
    /// What becomes of them.
    pub effect: Effect,
    /// Who.
    #[serde(flatten)]
    pub asker: Asker,
    /// The resource; `*` of actions that have none.
    pub resource: String,
    /// Its type; none of actions without a resource.
    pub resource_type: Option<String>,
    /// The kind of access.
    pub access: Access,
    /// What is decided now; none where it is refused.
    #[serde(serialize_with = "as_word")]
    pub before: Option<Answer>,
    /// What would be decided; none where it is refused.
    #[serde(serialize_with = "as_word")]
    pub after: Option<Answer>,
    /// The actions, sorted.
    pub actions: Vec<String>,
}

/// What becomes of a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It was refused and no longer is.
    Gained,
    /// It is refused now.
    Lost,
    /// It depended on nothing, or on what was not read, and now holds only if something does.
    NowConditional,
    /// It holds in any case now.
    NowSure,
    /// It depends on what was not read now.
    NowUnknown,
}

impl Effect {
    /// None where nothing changes.
    pub fn of(before: Option<Answer>, after: Option<Answer>) -> Option<Self> {
        match (before, after) {
            (before, after) if before == after => None,
            (None, _) => Some(Self::Gained),
            (_, None) => Some(Self::Lost),
            (_, Some(Answer::OnlyIf)) => Some(Self::NowConditional),
            (_, Some(Answer::Allowed)) => Some(Self::NowSure),
            (_, Some(Answer::Unknown)) => Some(Self::NowUnknown),
        }
    }
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_word<S: serde::Serializer>(answer: &Option<Answer>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(answer.map_or("denied", Answer::word))
}

/// What rows are alike by, in their order.
type Key = (Effect, std::cmp::Reverse<Access>, Asker, String, Option<Answer>, Option<Answer>);

/// Changes while they are gathered.
#[derive(Default)]
struct Gathered {
    rows: BTreeMap<Key, (Option<String>, BTreeSet<String>)>,
    counts: BTreeMap<Effect, usize>,
    not_shown: usize,
}

impl Gathered {
    fn add(&mut self, asker: &Asker, question: &Question, before: Option<Answer>, after: Option<Answer>) {
        let Some(effect) = Effect::of(before, after) else { return };
        for (arn, kind) in &question.resources {
            *self.counts.entry(effect).or_default() += 1;
            let key = (effect, std::cmp::Reverse(question.access), asker.clone(), arn.clone(), before, after);
            if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&key) {
                self.not_shown += 1;
                continue;
            }
            let row = self.rows.entry(key).or_insert_with(|| (kind.clone(), BTreeSet::new()));
            row.1.insert(question.action.to_owned());
        }
    }

    fn count(&self, is: impl Fn(Effect) -> bool) -> usize {
        self.counts.iter().filter(|(effect, _)| is(**effect)).map(|(_, count)| count).sum()
    }
}

/// Two states of the estate that are asked the same.
struct Both<'a> {
    before: &'a Index,
    after: &'a Index,
    given: &'a Context,
}

impl Permissions {
    /// The estate with a change made.
    ///
    /// # Errors
    /// When the change is about what is not known, or its policy is none that AWS would take.
    pub fn changed(&self, change: &Change) -> Result<Index, AccessError> {
        let after = self
            .index
            .with(std::slice::from_ref(change))
            .map_err(|bad| AccessError::Question(bad.to_string()))?;
        match after.organisation().standing(change) {
            Some(Held::Bad(bad)) if has_document(change) => Err(AccessError::Question(bad.to_string())),
            _ => Ok(after),
        }
    }

    /// Which permissions would appear, disappear or hold under other conditions if a policy were another. Asked are the
    /// actions that the statements speak of which only the old or the new policy has, on the resources these are about;
    /// where a resource's own policy changes, all actions on it. Nothing is changed.
    ///
    /// # Errors
    /// As [`Permissions::changed`].
    pub fn what_if(&self, change: &Change, given: &Context) -> Result<WhatIf, AccessError> {
        let after = self.changed(change)?;
        let both = Both { before: &self.index, after: &after, given };
        let touched: Vec<u32> = match change {
            // What a resource lets in concerns all.
            Change::Resource { .. }
            | Change::Bucket { .. }
            | Change::Control { control: Control::Resource, .. } => {
                (0..self.index.principals() as u32).collect()
            }
            _ => after.touched(&self.index).iter().collect(),
        };
        let is_few = touched.len() <= ONE_BY_ONE_MAX;
        let strangers = matches!(
            change,
            Change::Resource { .. }
                | Change::Bucket { .. }
                | Change::Control { control: Control::Resource, .. }
        );
        let few = (is_few && !strangers).then_some(touched.as_slice());
        let found = if touched.is_empty() {
            questions::Found::default()
        } else {
            self.questions(change, &after, few)?
        };
        let cost = if is_few { 2 * touched.len() } else { 2 * EVERYONE } + usize::from(strangers) * 2;
        let asked = found.questions.len().min(WORK_MAX / cost.max(1));
        let mut gathered = Gathered::default();
        for question in found.questions.iter().take(asked) {
            if is_few {
                both.few(&touched, question, &mut gathered)?;
            } else {
                both.many(&touched, question, &mut gathered)?;
            }
            if strangers {
                both.strangers(question, &mut gathered)?;
            }
        }
        let gaps = match change {
            Change::Resource { resource, .. } | Change::Bucket { resource, .. } => {
                let seen = self.resources.get(resource).map(|known| known.target.clone());
                let target = Target { arn: resource.clone(), account: None, seen: true };
                after.organisation().gaps(&seen.unwrap_or(target))
            }
            _ => after.organisation().unread().to_vec(),
        };
        let (gained, lost) =
            (gathered.count(|one| one == Effect::Gained), gathered.count(|one| one == Effect::Lost));
        let altered = gathered.count(|_| true) - gained - lost;
        let row = |((effect, access, asker, resource, before, after), (resource_type, actions)): (
            Key,
            (Option<String>, BTreeSet<String>),
        )| {
            let (access, actions) = (access.0, actions.into_iter().collect());
            ChangedRow { effect, asker, resource, resource_type, access, before, after, actions }
        };
        Ok(WhatIf {
            rows: gathered.rows.into_iter().map(row).collect(),
            gained,
            lost,
            altered,
            not_shown: gathered.not_shown,
            principals: touched.len(),
            questions: asked,
            not_asked: found.questions.len() - asked + found.left_out,
            unmatched: found.unmatched,
            gaps,
        })
    }
}

impl Both<'_> {
    fn asker(&self, number: u32) -> Option<Asker> {
        let (name, kind) = self.before.principal(number)?;
        Some(Asker { kind, principal: name.to_owned() })
    }

    fn few(&self, few: &[u32], question: &Question, gathered: &mut Gathered) -> Result<(), AccessError> {
        let asked = |index: &Index, name: &str| -> Result<Option<Answer>, AccessError> {
            let verdict =
                index.organisation().ask(name, question.action, &question.target, self.given.clone());
            Ok(Answer::of(verdict.map_err(AccessError::Question)?.decision))
        };
        for asker in few.iter().filter_map(|number| self.asker(*number)) {
            let (before, after) =
                (asked(self.before, &asker.principal)?, asked(self.after, &asker.principal)?);
            gathered.add(&asker, question, before, after);
        }
        Ok(())
    }

    fn many(&self, many: &[u32], question: &Question, gathered: &mut Gathered) -> Result<(), AccessError> {
        let asked = |index: &Index| {
            index.decide(question.action, &question.target, self.given).map_err(AccessError::Question)
        };
        let (before, after) = (asked(self.before)?, asked(self.after)?);
        if before == after {
            return Ok(());
        }
        for number in many {
            let (before, after) = (Answer::of(before.of(*number)), Answer::of(after.of(*number)));
            if before != after
                && let Some(asker) = self.asker(*number)
            {
                gathered.add(&asker, question, before, after);
            }
        }
        Ok(())
    }

    /// Whom the resource itself lets in from outside.
    fn strangers(&self, question: &Question, gathered: &mut Gathered) -> Result<(), AccessError> {
        let asked = |index: &Index| -> Result<BTreeMap<Asker, Option<Answer>>, AccessError> {
            let rows = index.organisation().let_in(question.action, &question.target, self.given);
            let rows = rows.map_err(AccessError::Question)?.into_iter();
            Ok(rows.map(|row| (row.asker, Answer::of(row.verdict.decision))).collect())
        };
        let (before, after) = (asked(self.before)?, asked(self.after)?);
        let all: BTreeSet<&Asker> = before.keys().chain(after.keys()).collect();
        for asker in all {
            let of = |rows: &BTreeMap<Asker, Option<Answer>>| rows.get(asker).copied().flatten();
            gathered.add(asker, question, of(&before), of(&after));
        }
        Ok(())
    }
}

fn has_document(change: &Change) -> bool {
    match change {
        Change::Inline { document, .. }
        | Change::Managed { document, .. }
        | Change::Resource { document, .. }
        | Change::Control { document, .. } => document.is_some(),
        Change::Attached { .. } | Change::Boundary { .. } | Change::Bucket { .. } => false,
    }
}
