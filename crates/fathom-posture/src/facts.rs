//! What engines know of one resource, as expressions of checks read it. docs/checks.md has the members.

use std::sync::{Arc, PoisonError};

use fathom_access::{Opening, Origin, Says, Seen, Under};
use fathom_checks::{Asked, Fact, Facts, Missing, Subject};
use fathom_iam::Context;
use fathom_model::{Target, Timestamp};
use fathom_net::Verdict;
use serde_json::{Value, json};

use crate::ground::{Ground, INTERFACE, KEY};

/// What has no class that anybody said counts as this.
const CLASS: &str = "confidential";
/// Lines of a proof.
const PROOF_MAX: usize = 12;
/// Documents that a function gives at most.
const DOCUMENTS_MAX: usize = 10_000;

impl Facts for Ground<'_> {
    fn fact(&self, subject: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing> {
        match asked {
            Asked::Resource => Err(Missing::of("the resource says that itself")),
            Asked::Exposure => self.exposure(subject).map(Arc::new),
            Asked::Access => self.access(subject).map(Arc::new),
            Asked::Encryption => self.encryption(subject).map(Arc::new),
            Asked::Class => {
                let class = self.classes.get(subject.uid).map_or(CLASS, String::as_str);
                let said = if self.classes.contains_key(subject.uid) {
                    format!("its data is {class}, as somebody said")
                } else {
                    format!("nobody said which class its data has, which counts as {CLASS}")
                };
                Ok(Arc::new(Fact { value: json!(class), proof: vec![said], ..Fact::default() }))
            }
            Asked::Related(edge) => self.related(subject, edge).map(Arc::new),
            Asked::Referring(kind, edge) => self.referring(subject, kind, edge).map(Arc::new),
            Asked::InRegion(kind) => self.beside(asked, subject, kind, subject.region),
            Asked::InAccount(kind) => self.beside(asked, subject, kind, ""),
            Asked::InNamespace(_) => Err(Missing::of("only objects of manifests lie in namespaces")),
        }
    }

    fn why_unread(&self, subject: &Subject<'_>, path: &str) -> String {
        let code = self.code.as_ref().and_then(|code| code.not_known.get(subject.uid));
        let below =
            |(one, _): &(&String, _)| one.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        if let Some(why) = code.and_then(|code| code.get(path).or_else(|| Some(code.iter().find(below)?.1))) {
            return format!("{path}: {why}");
        }
        fathom_reach::open::call(self.content, subject.kind, path)
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl Ground<'_> {
    /// `exposure`: `verdict` (`yes`, `only_if`, `no`) and `ports` (`protocol`, `first`, `last`) that the internet reaches.
    fn exposure(&self, subject: &Subject<'_>) -> Result<Fact, Missing> {
        if !Self::is_reachable(subject.kind) {
            return Err(Missing::of(format!("what reaches {} is not worked out", subject.kind)));
        }
        let Some(exposed) = &self.engines.reached else {
            return Err(Missing::of("the network was not asked"));
        };
        if self.code.as_ref().is_some_and(|code| code.is_alone) {
            return Err(Missing::of(
                "what reaches it is decided by more than this code; --with-estate asks the last scans",
            ));
        }
        self.whole(subject.account, INTERFACE)?;
        let (mut ports, mut proof, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut best = Verdict::No;
        for row in exposed.get(subject.uid).into_iter().flatten() {
            for one in &row.ports {
                match one.answer.verdict {
                    Verdict::No => {}
                    Verdict::Unknown => missing.extend(one.answer.missing.iter().cloned()),
                    verdict @ (Verdict::Yes | Verdict::OnlyIf) => {
                        best = best.max(verdict);
                        ports.push(json!({ "protocol": row.protocol, "first": one.first, "last": one.last }));
                        proof.push(one.answer.packet.clone());
                        let hops = one
                            .answer
                            .hops
                            .iter()
                            .map(|hop| format!("{} {}: {}", hop.component, hop.id, hop.rule));
                        proof.extend(hops);
                    }
                }
            }
        }
        proof.truncate(PROOF_MAX);
        missing.sort();
        missing.dedup();
        let verdict = match best {
            Verdict::Yes => "yes",
            Verdict::OnlyIf => "only_if",
            Verdict::No | Verdict::Unknown => "no",
        };
        // What is reached for sure is told; that nothing else is, is not known where something was not read.
        if !missing.is_empty() && best != Verdict::Yes {
            return Err(Missing { what: missing });
        }
        let unread = if missing.is_empty() { Vec::new() } else { vec![(0, vec!["ports".to_owned()])] };
        Ok(Fact { value: json!({ "verdict": verdict, "ports": ports }), proof, unread, ..Fact::default() })
    }

    /// `access`: `public` and `external`, whom its policies let in (`principal`, `actions`, `only_if`).
    fn access(&self, subject: &Subject<'_>) -> Result<Fact, Missing> {
        let Some(permissions) = &self.engines.permissions else {
            return Err(Missing::of("permissions were not asked"));
        };
        let Some(resource) = permissions.resources.get(subject.uid) else {
            return Err(Missing::of(format!("no permissions on {} are known", subject.uid)));
        };
        let openings = permissions
            .openings_of(resource, &[Origin::Public, Origin::External], &Context::default())
            .map_err(|error| Missing::of(error.to_string()))?;
        let mut missing = openings.gaps;
        missing.extend(openings.unknown);
        let mut told = [Vec::new(), Vec::new()];
        let mut proof = Vec::new();
        for row in &openings.rows {
            let (sure, unknown) = actions(row);
            if sure.is_empty() && !unknown.is_empty() {
                missing.push(format!("whether {} may {}", row.asker.principal, unknown.join(", ")));
                continue;
            }
            let list = &mut told[usize::from(row.from != Origin::Public)];
            proof.push(format!("{} may {}", row.asker.principal, sure.join(", ")));
            list.push(json!({ "principal": row.asker.principal, "actions": sure }));
        }
        proof.truncate(PROOF_MAX);
        let [public, external] = told;
        let mut unread = Vec::new();
        if !missing.is_empty() {
            // Somebody who is let in is enough of an answer; that nobody is, is not known.
            let empty = [("public", public.is_empty()), ("external", external.is_empty())];
            unread
                .extend(empty.into_iter().filter(|(_, is_empty)| *is_empty).map(|(name, _)| name.to_owned()));
        }
        if unread.len() == 2 {
            return Err(Missing { what: missing });
        }
        let unread = if unread.is_empty() { Vec::new() } else { vec![(0, unread)] };
        Ok(Fact {
            value: json!({ "public": public, "external": external }),
            proof,
            unread,
            ..Fact::default()
        })
    }

    /// `encryption`: `key` (`name`, `customer_managed`), which is absent where nothing names one.
    fn encryption(&self, subject: &Subject<'_>) -> Result<Fact, Missing> {
        let Some(permissions) = &self.engines.permissions else {
            return Err(Missing::of("keys were not asked"));
        };
        let (name, customer) = match permissions.encryption.under(subject.uid) {
            None => return Ok(Fact { value: json!({}), ..Fact::default() }),
            Some(Under::Unknown(why)) => return Err(Missing::of(why.clone())),
            Some(Under::Managed(alias)) => (alias.clone(), false),
            Some(Under::Key(arn)) => {
                let manager = self.key_manager(arn)?;
                (arn.clone(), manager == "CUSTOMER")
            }
        };
        let said = if customer { "which the customer manages" } else { "which AWS manages" };
        let proof = vec![format!("it is kept under {name}, {said}")];
        let value = json!({ "key": { "name": name, "customer_managed": customer } });
        Ok(Fact { value, proof, ..Fact::default() })
    }

    /// Who manages a key, as its document says.
    fn key_manager(&self, arn: &str) -> Result<String, Missing> {
        let key = self.seen.get(arn).filter(|one| one.kind == KEY);
        let manager = key.and_then(|key| key.document["KeyManager"].as_str());
        manager.map(str::to_owned).ok_or_else(|| Missing::of(format!("no scan read the key {arn}")))
    }

    /// Why there may be more of a type than were seen; none where all were listed.
    ///
    /// # Errors
    /// When nothing can be said of them.
    fn more(&self, account: &str, kind: &str) -> Result<Option<String>, Missing> {
        if self.code.as_ref().is_some_and(|code| code.is_alone) {
            return Ok(Some(format!("{kind} that are not in this code; --with-estate asks the last scans")));
        }
        self.whole(account, kind).map(|()| None)
    }

    /// That all of a type in an account were listed.
    fn whole(&self, account: &str, kind: &str) -> Result<(), Missing> {
        let cut = self.listings.cut().find(|(of, cut, _)| *of == account && *cut == kind);
        if let Some((_, _, why)) = cut {
            return Err(Missing::of(format!("{kind} of account {account} was not read: {why}")));
        }
        let is_of_others =
            self.content.resources.get(kind).is_some_and(|definition| definition.list.for_each.is_some());
        if !is_of_others && !self.listings.is_asked(account, kind) {
            return Err(Missing::of(format!("no scan asked account {account} for {kind}")));
        }
        Ok(())
    }

    fn related(&self, subject: &Subject<'_>, edge: &str) -> Result<Fact, Missing> {
        let mut documents = Documents::default();
        let mut missing = Vec::new();
        for one in self.out.get(subject.uid).into_iter().flatten().filter(|one| one.kind.as_str() == edge) {
            match &one.to {
                Target::Known { uid } => match self.seen.get(uid.as_str()) {
                    Some(seen) => documents.add(seen),
                    None => missing.push(format!("{uid} was not read")),
                },
                Target::Unresolved { reference, .. } => missing.push(format!("no scan saw {reference}")),
            }
        }
        if missing.is_empty() { Ok(documents.fact()) } else { Err(Missing { what: missing }) }
    }

    fn referring(&self, subject: &Subject<'_>, kind: &str, edge: &str) -> Result<Fact, Missing> {
        let more = self.more(subject.account, kind)?;
        let mut documents = Documents::default();
        for (_, from) in
            self.into.get(subject.uid).into_iter().flatten().filter(|(one, _)| one.as_str() == edge)
        {
            if let Some(seen) = self.seen.get(from.as_str()).filter(|seen| seen.kind == kind) {
                documents.add(seen);
            }
        }
        Ok(Fact { more, ..documents.fact() })
    }

    /// All of a type in the subject's account, in a region where one is given. Gathered once for all subjects there.
    fn beside(
        &self,
        asked: &Asked,
        subject: &Subject<'_>,
        kind: &str,
        region: &str,
    ) -> Result<Arc<Fact>, Missing> {
        let place = (asked.clone(), subject.account.to_owned(), region.to_owned());
        let known = self.gathered.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let more = self.more(subject.account, kind)?;
        let mut documents = Documents::default();
        for seen in self.by_kind.get(kind).into_iter().flatten().filter_map(|arn| self.seen.get(arn)) {
            if seen.account == subject.account && (region.is_empty() || seen.region == region) {
                documents.add(seen);
            }
        }
        if documents.values.len() >= DOCUMENTS_MAX {
            return Err(Missing::of(format!("there are more than {DOCUMENTS_MAX} of {kind}")));
        }
        let fact = Arc::new(Fact { more, ..documents.fact() });
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).insert(place, Arc::clone(&fact));
        Ok(fact)
    }
}

/// Documents, with what of them was not read.
#[derive(Default)]
struct Documents {
    values: Vec<Value>,
    unread: Vec<(usize, Vec<String>)>,
}

impl Documents {
    fn add(&mut self, seen: &Seen) {
        if self.values.len() >= DOCUMENTS_MAX {
            return;
        }
        if !seen.unread.is_empty() {
            self.unread.push((self.values.len(), seen.unread.clone()));
        }
        self.values.push(seen.document.clone());
    }

    fn fact(self) -> Fact {
        Fact { value: Value::Array(self.values), unread: self.unread, ..Fact::default() }
    }
}

/// What somebody may do, perhaps under a condition, and of what that is not known.
fn actions(row: &Opening) -> (Vec<&str>, Vec<&str>) {
    let (mut sure, mut unknown) = (Vec::new(), Vec::new());
    for permitted in &row.permitted {
        let list = match Says::from(permitted.decision) {
            Says::Allowed | Says::OnlyIf => &mut sure,
            Says::Unknown => &mut unknown,
            Says::Denied => continue,
        };
        list.extend(permitted.actions.iter().map(String::as_str));
    }
    (sure, unknown)
}
