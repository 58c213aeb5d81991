//! What two tools say of the same resources on the same topics: joined, counted, and each difference judged by a table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

/// What a check says, the more urgent the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    NotAbout,
    Pass,
    Unknown,
    Fail,
}

impl Says {
    /// By the words of both tools; a check that somebody must do by hand is not known.
    pub(super) fn read(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "pass" => Self::Pass,
            "fail" => Self::Fail,
            "unknown" | "manual" => Self::Unknown,
            "not_applicable" => Self::NotAbout,
            _ => return None,
        })
    }

    fn word(says: Option<Self>) -> &'static str {
        match says {
            None => "-",
            Some(Self::NotAbout) => "not_applicable",
            Some(Self::Pass) => "pass",
            Some(Self::Unknown) => "unknown",
            Some(Self::Fail) => "fail",
        }
    }
}

/// What a tool says of a resource.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) check: String,
    /// Its ARN or id.
    pub(super) resource: String,
    pub(super) name: String,
    pub(super) says: Says,
    /// Why, in words; empty where there are none.
    pub(super) words: String,
}

/// How resources of both are told to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    Same,
    /// Each speaks of the account and region.
    Place,
    /// Ours is a part of theirs.
    Part,
    /// Theirs is whose ours is.
    Owner,
    /// Theirs names ours in its words.
    Told,
}

/// A check of ours and one of theirs about the same.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) ours: String,
    pub(super) theirs: String,
    join: Join,
}

/// Who is right where two differ, and why.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    ours: String,
    theirs: String,
    kind: String,
    resource: String,
    /// `ours`, `theirs`, `both` or `server`.
    pub(super) right: String,
    pub(super) why: String,
}

/// A resource of which two say different things, or one alone says that it is bad.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    pub(super) ours: String,
    pub(super) theirs: String,
    pub(super) resource: String,
    /// What ours says and theirs, as `fail/pass`; `-` says nothing.
    pub(super) kind: String,
    pub(super) words: String,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) both_fail: usize,
    pub(super) both_pass: usize,
    /// Ours is not about the resource, and theirs lets it pass.
    pub(super) neither: usize,
    /// What one alone looked at and found nothing wrong with, or left to somebody.
    pub(super) only_ours_passes: usize,
    pub(super) only_theirs_passes: usize,
    pub(super) differences: Vec<Difference>,
    /// Pairs with an answer of both on one resource at least.
    pub(super) met: usize,
}

/// The rows of a table with tabs, without its comments.
fn rows<const N: usize>(table: &str) -> impl Iterator<Item = Result<[&str; N]>> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| {
        let parts: Vec<&str> = line.split('\t').collect();
        parts.try_into().ok().with_context(|| format!("not {N} columns: {line}"))
    })
}

/// Reads the table of pairs.
pub(super) fn pairs(table: &str) -> Result<Vec<Pair>> {
    let pair = |row: Result<[&str; 3]>| {
        let [ours, theirs, join] = row?;
        let join = match join {
            "same" => Join::Same,
            "place" => Join::Place,
            "part" => Join::Part,
            "owner" => Join::Owner,
            "told" => Join::Told,
            other => bail!("`{other}` is no way to join"),
        };
        Ok(Pair { ours: ours.to_owned(), theirs: theirs.to_owned(), join })
    };
    rows(table).map(pair).collect()
}

/// Reads the table of reasons.
pub(super) fn reasons(table: &str) -> Result<Vec<Reason>> {
    let reason = |row: Result<[&str; 6]>| {
        let [ours, theirs, kind, resource, right, why] = row?.map(str::to_owned);
        if !["ours", "theirs", "both", "server"].contains(&right.as_str()) {
            bail!("`{right}` says not who is right");
        }
        Ok(Reason { ours, theirs, kind, resource, right, why })
    };
    rows(table).map(reason).collect()
}

impl Reason {
    /// Whether it is about a difference; `*` is about any.
    pub(super) fn is_about(&self, one: &Difference) -> bool {
        let fits = |wanted: &str, is: &str| wanted == "*" || wanted == is;
        fits(&self.ours, &one.ours)
            && fits(&self.theirs, &one.theirs)
            && fits(&self.kind, &one.kind)
            && (self.resource == "*" || one.resource.contains(&self.resource))
    }
}

/// A name without what stands for all that is in it.
fn plain(resource: &str) -> &str {
    resource.trim_end_matches(":*")
}

fn segments(resource: &str) -> impl Iterator<Item = &str> {
    plain(resource).split([':', '/']).filter(|part| !part.is_empty())
}

fn last(resource: &str) -> &str {
    segments(resource).last().unwrap_or_default()
}

/// The worst that is said of each resource, by its name.
fn worst<'a>(told: impl Iterator<Item = &'a Told>) -> BTreeMap<&'a str, &'a Told> {
    let mut of: BTreeMap<&str, &Told> = BTreeMap::new();
    for one in told {
        let kept = of.entry(plain(&one.resource)).or_insert(one);
        if one.says > kept.says {
            *kept = one;
        }
    }
    of
}

/// Which of ours are meant by one of theirs.
fn meant<'a>(join: Join, theirs: &Told, ours: &BTreeMap<&'a str, &'a Told>, exact: bool) -> Vec<&'a Told> {
    let of = |is: &dyn Fn(&Told) -> bool| -> Vec<&'a Told> {
        ours.values().copied().filter(|one| is(one)).collect()
    };
    let (resource, id) = (plain(&theirs.resource), last(&theirs.resource));
    match join {
        Join::Place => of(&|_| true),
        Join::Same => match ours.get(resource) {
            Some(one) => vec![*one],
            None if exact => Vec::new(),
            None => {
                let by_id = of(&|one| last(&one.resource) == id);
                if by_id.is_empty() {
                    of(&|one| !one.name.is_empty() && one.name == theirs.name)
                } else {
                    by_id
                }
            }
        },
        Join::Part => of(&|one| segments(&one.resource).any(|part| part == id)),
        Join::Owner => {
            let is_in = |name: &str| !name.is_empty() && segments(resource).any(|part| part == name);
            let named = of(&|one| is_in(last(&one.resource)) || is_in(&one.name));
            if named.is_empty() { of(&|one| segments(&one.resource).any(|part| part == id)) } else { named }
        }
        Join::Told => of(&|one| theirs.words.contains(last(&one.resource))),
    }
}

/// Compares what both say, pair by pair.
pub(super) fn compare(pairs: &[Pair], ours: &[Told], theirs: &[Told]) -> Outcome {
    let mut out = Outcome::default();
    // One of ours may have several of theirs beside it, and the other way round: what none of these meets is told once.
    let (mut met_ours, mut met_theirs) = (BTreeSet::new(), BTreeSet::new());
    for pair in pairs {
        let of = |told: &'_ &Told, check: &str| told.check == check;
        let mine = worst(ours.iter().filter(|told| of(told, &pair.ours)));
        let other = worst(theirs.iter().filter(|told| of(told, &pair.theirs)));
        let other: Vec<&Told> = match pair.join {
            Join::Place => other.into_values().max_by_key(|one| one.says).into_iter().collect(),
            _ => other.into_values().collect(),
        };
        let exact = other.iter().any(|one| mine.contains_key(plain(&one.resource)));
        let mut is_met = false;
        for one in other {
            let found = meant(pair.join, one, &mine, exact);
            let Some(ours) = found.iter().map(|told| told.says).max() else { continue };
            is_met = true;
            met_theirs.insert((pair.theirs.as_str(), plain(&one.resource)));
            met_ours.extend(found.iter().map(|told| (pair.ours.as_str(), plain(&told.resource))));
            match (ours, one.says) {
                (Says::Fail, Says::Fail) => out.both_fail += 1,
                (Says::Pass, Says::Pass) => out.both_pass += 1,
                (Says::NotAbout, Says::Pass) => out.neither += 1,
                (ours, says) => out.differences.push(Difference {
                    ours: pair.ours.clone(),
                    theirs: pair.theirs.clone(),
                    resource: plain(&one.resource).to_owned(),
                    kind: format!("{}/{}", Says::word(Some(ours)), Says::word(Some(says))),
                    words: one.words.clone(),
                }),
            }
        }
        out.met += usize::from(is_met);
    }
    alone(pairs, ours, theirs, (&met_ours, &met_theirs), &mut out);
    out
}

/// Names of checks with those of resources.
type Met<'a> = BTreeSet<(&'a str, &'a str)>;

/// Tells what one of the two alone said something of.
fn alone(
    pairs: &[Pair],
    ours: &[Told],
    theirs: &[Told],
    (met_ours, met_theirs): (&Met<'_>, &Met<'_>),
    out: &mut Outcome,
) {
    let mut done = BTreeSet::new();
    for pair in pairs {
        for (check, told, met, is_ours) in
            [(&pair.ours, ours, met_ours, true), (&pair.theirs, theirs, met_theirs, false)]
        {
            // A check of the place meets the other in one of its answers.
            let is_place_met = pair.join == Join::Place && met.iter().any(|(of, _)| *of == check.as_str());
            if is_place_met || !done.insert((check, is_ours)) {
                continue;
            }
            for (resource, one) in worst(told.iter().filter(|told| told.check == *check)) {
                if met.contains(&(check.as_str(), resource)) {
                    continue;
                }
                if one.says != Says::Fail {
                    *(if is_ours { &mut out.only_ours_passes } else { &mut out.only_theirs_passes }) += 1;
                    continue;
                }
                let fails = Some(Says::Fail);
                let (mine, other) = if is_ours { (fails, None) } else { (None, fails) };
                out.differences.push(Difference {
                    ours: pair.ours.clone(),
                    theirs: pair.theirs.clone(),
                    resource: resource.to_owned(),
                    kind: format!("{}/{}", Says::word(mine), Says::word(other)),
                    words: one.words.clone(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(check: &str, resource: &str, says: Says) -> Told {
        let (name, words) = (String::new(), format!("about {}", last(resource)));
        Told { check: check.to_owned(), resource: resource.to_owned(), name, says, words }
    }

    fn kinds(outcome: &Outcome) -> Vec<(&str, &str)> {
        outcome.differences.iter().map(|one| (one.resource.as_str(), one.kind.as_str())).collect()
    }

    #[test]
    fn the_same_resource_is_found_by_its_name_or_else_its_id() {
        let pairs = pairs("a\tA\tsame\n").expect("a table");
        let ours = [
            told("a", "arn:aws:x:::user/one", Says::Fail),
            told("a", "arn:aws:x:::group/one", Says::Pass),
            told("a", "arn:aws:x:::user/two", Says::Pass),
        ];
        let outcome = compare(&pairs, &ours, &[told("A", "arn:aws:x:::user/one:*", Says::Pass)]);
        assert_eq!(kinds(&outcome), [("arn:aws:x:::user/one", "fail/pass")]);
        assert_eq!((outcome.only_ours_passes, outcome.met), (2, 1));
        let outcome = compare(&pairs, &ours[2..], &[told("A", "two", Says::Pass)]);
        assert_eq!((outcome.both_pass, kinds(&outcome).len()), (1, 0));
    }

    #[test]
    fn parts_owners_and_places_are_compared_by_the_worst() {
        let table = "a\tA\tpart\nb\tB\towner\nc\tC\tplace\nd\tD\ttold\n";
        let ours = [
            told("a", "arn:aws:elb:::listener/app/shop/1/2", Says::Fail),
            told("a", "arn:aws:elb:::listener/app/shop/1/3", Says::Pass),
            told("b", "arn:aws:iam:::user/ann/AKIA1", Says::Pass),
            told("c", "one-region", Says::Fail),
            told("d", "arn:aws:efs:::access-point/fsap-1", Says::Fail),
        ];
        let mut about = told("D", "arn:aws:efs:::file-system/fs-1", Says::Fail);
        about.words = "open: fsap-1.".to_owned();
        let theirs = [
            told("A", "arn:aws:elb:::loadbalancer/app/shop/1", Says::Fail),
            told("B", "arn:aws:iam:::user/ann", Says::Pass),
            told("C", "an-account", Says::Pass),
            told("C", "another", Says::Fail),
            about,
        ];
        let outcome = compare(&pairs(table).expect("a table"), &ours, &theirs);
        assert_eq!((outcome.both_fail, outcome.both_pass, outcome.met), (3, 1, 4));
        assert!(kinds(&outcome).is_empty(), "{outcome:?}");
    }

    #[test]
    fn what_one_alone_finds_is_told_once() {
        let pairs = pairs("a\tA\tsame\nb\tA\tsame\n").expect("a table");
        let ours =
            [told("a", "x/1", Says::Fail), told("b", "y/2", Says::NotAbout), told("b", "y/4", Says::Fail)];
        let theirs =
            [told("A", "x/1", Says::Fail), told("A", "y/2", Says::Fail), told("A", "z/3", Says::Fail)];
        let outcome = compare(&pairs, &ours, &theirs);
        assert_eq!(kinds(&outcome), [("y/2", "not_applicable/fail"), ("z/3", "-/fail"), ("y/4", "fail/-")]);
    }

    #[test]
    fn a_reason_is_about_what_it_names() {
        let reasons = reasons("a\t*\tfail/-\tshop\tours\twhy\n").expect("a table");
        let one = |kind: &str, resource: &str| Difference {
            ours: "a".to_owned(),
            theirs: "A".to_owned(),
            resource: resource.to_owned(),
            kind: kind.to_owned(),
            words: String::new(),
        };
        assert!(reasons[0].is_about(&one("fail/-", "my-shop")));
        assert!(!reasons[0].is_about(&one("fail/pass", "my-shop")));
        assert!(!reasons[0].is_about(&one("fail/-", "office")));
        assert!(super::reasons("a\tb\tc\td\tnobody\twhy\n").is_err());
    }

    #[test]
    fn the_tables_can_be_read_and_name_each_pair_once() {
        let pairs = pairs(super::super::PAIRS).expect("a table");
        let names: BTreeSet<_> = pairs.iter().map(|pair| (&pair.ours, &pair.theirs)).collect();
        assert_eq!(names.len(), pairs.len());
        assert!(pairs.len() >= 120);
        let checks: BTreeSet<_> = pairs.iter().map(|pair| pair.ours.as_str()).collect();
        for reason in reasons(super::super::REASONS).expect("a table") {
            assert!(reason.ours == "*" || checks.contains(reason.ours.as_str()), "{reason:?}");
        }
    }
}
