//! Answers a question: builds the axes, searches them, and checks what was found.

use std::collections::BTreeMap;

use fathom_iam::{
    Context, Policy, PolicyKind,
    condition::Test,
    parts::{Piece, pieces},
    policy::Effect,
};

use crate::{
    answer::{Answer, Comparison, Counterexample},
    asked::{Asked, Extent, Scope},
    axis::{
        Axis, Part, action, caller,
        key::{Callers, Family, Key, is_relational},
        resource,
    },
    limits::{CHOICES_MAX, FREE_MAX, STATEMENTS_MAX},
    mask::Mask,
    search::Search,
    witness::Witness,
};

/// Whether `new` allows a request that `old` does not. Each side is one policy or several that are attached together.
///
/// `kind` is [`PolicyKind::Resource`] for policies that name principals; everything else is taken as policies of
/// identities.
pub fn wider(kind: PolicyKind, old: &[Policy], new: &[Policy]) -> Answer {
    ask(kind, &Scope::Everyone, old, new)
}

/// Both ways: what the new side allows and the old side does not, and the other way round.
pub fn compare(kind: PolicyKind, old: &[Policy], new: &[Policy]) -> Comparison {
    Comparison::of(wider(kind, old, new), wider(kind, new, old))
}

/// Whether policies of a resource ever allow somebody outside: [`Answer::Wider`] with the request, or
/// [`Answer::NotWider`] where nobody is.
pub fn outsider(policies: &[Policy], scope: &Scope) -> Answer {
    ask(PolicyKind::Resource, scope, &[], policies)
}

/// Whether `new` allows a request within a scope that `old` does not.
pub(crate) fn ask(kind: PolicyKind, scope: &Scope, old: &[Policy], new: &[Policy]) -> Answer {
    let asked = Asked::new(kind, scope, old, new);
    if asked.statements.len() > STATEMENTS_MAX {
        let many = asked.statements.len();
        return unknown([format!("{many} statements are compared; the limit is {STATEMENTS_MAX}")]);
    }
    if asked.side(true, Effect::Allow).is_empty() {
        return Answer::NotWider;
    }
    let old_allows = asked.side(false, Effect::Allow);
    let mut because = Vec::new();
    for callers in worlds(&asked) {
        // Whether somebody else can ask for it is another question.
        let mut actions = match action::axis(&asked, *callers) {
            Ok(axis) => axis.atoms,
            Err(limit) => return unknown([limit]),
        };
        // An action that is new altogether shows a difference best.
        actions.sort_by_key(|atom| !atom.mask.and(&old_allows).is_empty());
        // To each action only some statements apply, so that the others need not be looked at.
        for atom in actions {
            let part = asked.within(&atom.mask);
            if part.side(true, Effect::Allow).is_empty() {
                continue;
            }
            let side = Side { asked: &part, callers: *callers, action: &atom.part };
            match side.decide(old, new) {
                Ok(None) => {}
                Ok(Some(counterexample)) => return Answer::Wider(Box::new(counterexample)),
                Err(reasons) => {
                    for reason in reasons {
                        if !because.contains(&reason) {
                            because.push(reason);
                        }
                    }
                }
            }
        }
    }
    if because.is_empty() { Answer::NotWider } else { unknown(because) }
}

fn unknown(because: impl IntoIterator<Item = String>) -> Answer {
    Answer::Unknown { because: because.into_iter().collect() }
}

/// The kinds of callers. Policies of identities bind callers of accounts alone.
fn worlds(asked: &Asked<'_>) -> &'static [Callers] {
    const WORLDS: [Callers; 4] = [Callers::OfAccounts, Callers::OfNone, Callers::Web, Callers::Saml];
    if asked.is_about_resource() { &WORLDS } else { WORLDS.get(..1).unwrap_or_default() }
}

/// The part of a question that is about one action and one kind of callers.
struct Side<'a> {
    asked: &'a Asked<'a>,
    callers: Callers,
    action: &'a Part,
}

impl Side<'_> {
    /// A request, decided by the evaluator; none where it is proved that there is none.
    ///
    /// # Errors
    /// The reasons why neither could be done.
    fn decide(&self, old: &[Policy], new: &[Policy]) -> Result<Option<Counterexample>, Vec<String>> {
        let mut because = Vec::new();
        match self.axes(&Context::new(), Extent::Proof) {
            Ok((axes, gaps)) => {
                because.extend(gaps);
                match Search::new(self.asked, &axes).run() {
                    Ok(None) if because.is_empty() => return Ok(None),
                    Ok(_) => {}
                    Err(limit) => because.push(limit),
                }
            }
            Err(limit) => because.push(limit),
        }
        match self.shown(old, new) {
            Ok(Some(counterexample)) => return Ok(Some(counterexample)),
            Ok(None) => because.extend(self.inexact()),
            Err(error) if !because.contains(&error) => because.push(error),
            Err(_) => {}
        }
        if because.is_empty() {
            because
                .push("an error of this program: a request was found and could not be made whole".to_owned());
        }
        Err(because)
    }

    /// What keeps a request that is not found from being a proof, beside gaps.
    fn inexact(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let variables = self.asked.variables();
        if !variables.is_empty() {
            let variables: Vec<String> = variables.into_iter().map(|name| format!("${{{name}}}")).collect();
            reasons.push(format!(
                "what the variables {} stand for is compared by examples, and none of these shows a difference",
                variables.join(", ")
            ));
        }
        for key in keys(self.asked).filter(|key| key.families().len() > 1) {
            reasons.push(format!("the key `{}` is compared as values of different kinds", key.name));
        }
        reasons
    }

    /// A request, decided by the evaluator, for some values of the variables.
    fn shown(&self, old: &[Policy], new: &[Policy]) -> Result<Option<Counterexample>, String> {
        for choice in choices(self.asked) {
            let (axes, _) = self.axes(&choice, Extent::Witness)?;
            let Some(found) = Search::new(self.asked, &axes).run()? else { continue };
            let Some(mut witness) = Witness::of(self.asked, &axes, &found) else { continue };
            witness.suit(self.asked, &choice);
            return witness.check(self.asked, old, new).map(Some);
        }
        Ok(None)
    }

    /// The axes, and why some caller may be missing on theirs.
    fn axes(&self, context: &Context, extent: Extent) -> Result<(Vec<Axis>, Vec<String>), String> {
        let everyone = caller::axis(self.asked, context, self.callers, extent)?;
        let mut action = Axis::default();
        action.add(Mask::of(self.asked.statements.len(), |_| true), self.action.clone())?;
        let mut axes = vec![everyone.axis, action, resource::axis(self.asked, context, extent)?];
        for key in keys(self.asked) {
            match extent {
                Extent::Witness => axes.push(key.axis(self.asked, context, self.callers)?),
                Extent::Proof => {
                    for part in parts(&key) {
                        axes.push(part.axis(self.asked, context, self.callers)?);
                    }
                }
            }
        }
        if extent == Extent::Proof {
            axes.extend(free(self.asked)?);
        }
        Ok((axes, everyone.gaps))
    }
}

/// The keys of conditions that do not follow from who asks; variables too, for a request has to give them.
fn keys<'a>(asked: &Asked<'a>) -> impl Iterator<Item = Key<'a>> + use<'a> {
    let mut keys: BTreeMap<String, Vec<(usize, &'a Test)>> =
        asked.variables().into_iter().map(|name| (name, Vec::new())).collect();
    for (at, test) in asked.tests() {
        keys.entry(test.key.to_ascii_lowercase()).or_default().push((at, test));
    }
    let owner = resource::owner(asked).is_some();
    keys.into_iter()
        .filter(move |(name, _)| {
            let follows = owner && name == resource::OWNER;
            !follows && !caller::LINKED.contains(&name.as_str())
        })
        .map(|(name, tests)| Key { name, tests })
}

/// In a proof, conditions of different kinds on one key are taken to have nothing to do with one another, and those that
/// compare with another key are left to [`free`].
fn parts<'a>(key: &Key<'a>) -> Vec<Key<'a>> {
    let plain: Vec<(usize, &'a Test)> =
        key.tests.iter().filter(|(_, test)| !is_relational(test)).copied().collect();
    let whole = Key { name: key.name.clone(), tests: plain };
    let families: Vec<Family> = whole.families();
    if families.len() < 2 {
        return vec![whole];
    }
    families
        .iter()
        .enumerate()
        .map(|(place, family)| {
            let mut part = whole.clone();
            part.tests.retain(|(_, test)| match crate::axis::key::family(test.operator.base.compare) {
                Some(of) => of == *family,
                None => place == 0,
            });
            part
        })
        .collect()
}

/// An axis for each condition that compares with another key: it may hold, and may not.
fn free(asked: &Asked<'_>) -> Result<Vec<Axis>, String> {
    let mut tests: Vec<(&Test, Vec<usize>)> = Vec::new();
    for (at, test) in asked.tests().filter(|(_, test)| is_relational(test)) {
        match tests.iter_mut().find(|(known, _)| *known == test) {
            Some((_, statements)) => statements.push(at),
            None => tests.push((test, vec![at])),
        }
    }
    if tests.len() > FREE_MAX {
        return Err(format!("more than {FREE_MAX} conditions have policy variables"));
    }
    let many = asked.statements.len();
    tests
        .into_iter()
        .map(|(_, statements)| {
            let mut axis = Axis::default();
            axis.add(Mask::of(many, |_| true), Part::Nothing)?;
            axis.add(Mask::of(many, |at| !statements.contains(&at)), Part::Nothing)?;
            Ok(axis)
        })
        .collect()
}

/// Values for the variables of the policies: those that the policies compare them with, one that they do not, and none.
fn choices(asked: &Asked<'_>) -> Vec<Context> {
    let mut choices = vec![Context::new()];
    for name in asked.variables() {
        let tests = asked.tests().filter(|(_, test)| test.key.eq_ignore_ascii_case(&name));
        let fresh = caller::example(&name).unwrap_or_else(|| format!("a{}", choices.len()));
        let mut values: Vec<Option<String>> = vec![Some(fresh)];
        for template in tests
            .flat_map(|(_, test)| &test.values)
            .filter(|template| pieces(template).all(|piece| matches!(piece, Piece::Char(_))))
        {
            values.push(Some(template.written().to_owned()));
        }
        values.push(None);
        let mut next = Vec::new();
        for (value, choice) in
            values.iter().flat_map(|value| choices.iter().map(move |choice| (value, choice)))
        {
            let mut choice: Context = choice.clone();
            match value {
                Some(value) => choice.set(&name, vec![value.clone()]),
                None => choice.set_absent(&name),
            }
            next.push(choice);
        }
        next.truncate(CHOICES_MAX);
        choices = next;
    }
    choices
}
