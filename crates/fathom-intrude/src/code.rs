//! Who decides what code runs: whoever may change where the code of something comes from, such as the repository of its image.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use fathom_iam::organisation::Target;
use fathom_paths::{Code, Level};

use crate::{
    IntrudeError,
    ground::Ground,
    proof::{By, Question},
    walk::{Kind, Walk},
};

/// The edge from what runs to the description of what it runs.
const RUNS: &str = "runs";

impl<'a> Walk<'a> {
    /// From whoever may change code to what runs it.
    pub(crate) fn code(&mut self) -> Result<(), IntrudeError> {
        let ground: &'a Ground = self.ground;
        for rule in &ground.rules.code {
            for (source, hosts) in self.given_code(rule) {
                let Some(account) = ground.things.get(source).map(|thing| thing.account.clone()) else {
                    continue;
                };
                let any = self.any(source, &account, &rule.actions);
                let mut best: BTreeMap<u32, (Level, &str, Target)> = BTreeMap::new();
                for action in &rule.actions {
                    let on = Target { arn: source.to_owned(), account: Some(account.clone()), seen: true };
                    let on = ground.permissions.meant(action, on);
                    let might = ground.permissions.index.might(action);
                    for (member, level) in self.who(action, &on, &might)? {
                        if !self.owns_account(member, &account, level)
                            && best.get(&member).is_none_or(|(known, ..)| level < *known)
                        {
                            best.insert(member, (level, action, on.clone()));
                        }
                    }
                }
                for (member, (level, action, target)) in best {
                    let Some(from) = self.member(member) else { continue };
                    for host in &hosts {
                        let to = self.node(Kind::Server, host);
                        let (action, target, any) = (action.to_owned(), target.clone(), Arc::clone(&any));
                        let question = Question::Act { by: By::Member(member), action, target, any };
                        self.step(&rule.step, &[from], to, level, question);
                    }
                }
            }
        }
        Ok(())
    }

    /// What gives code to others, with what runs it.
    fn given_code(&self, rule: &Code) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let ground: &'a Ground = self.ground;
        let mut runs: HashMap<&str, Vec<&str>> = HashMap::new();
        for (from, _, to) in ground.edges.iter().filter(|(_, kind, _)| kind == RUNS) {
            runs.entry(to).or_default().push(from);
        }
        let is_host = |arn: &&str| {
            ground.things.get(*arn).is_some_and(|thing| ground.rules.hosts.contains(&thing.kind))
        };
        let mut given: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
        for (from, _, to) in ground.edges.iter().filter(|(_, kind, _)| *kind == rule.edge) {
            let is_source = ground.things.get(to).is_some_and(|thing| thing.kind == rule.of);
            if is_source && !ground.fixed.contains(to) {
                let named = std::iter::once(from.as_str());
                let running = runs.get(from.as_str()).into_iter().flatten().copied();
                given.entry(to).or_default().extend(named.chain(running).filter(is_host));
            }
        }
        given
    }
}
