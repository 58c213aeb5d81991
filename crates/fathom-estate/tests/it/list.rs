//! What is demanded, what is missing, what was accepted, and the order of the list: cases written by hand.

use fathom_content::Declarations;
use fathom_estate::{Understanding, Unread, understand};
use fathom_model::{Acceptance, Explanation, Part, Reason, Resource, SourceKind, Statement};

use crate::{
    generate::acceptance,
    small::{DISK, NET, PERSON, SERVER, With, content, declarations, estate, here, now, resource, time},
};

fn says(parts: &[(Part, &str)]) -> Explanation {
    let statement = |(part, value): &(Part, &str)| Statement {
        part: *part,
        value: (*value).to_owned(),
        source: SourceKind::Tag,
        origin: "tag".to_owned(),
        as_of: now(),
    };
    Explanation { statements: parts.iter().map(statement).collect() }
}

fn verdict(world: &[(Resource, Explanation)], unread: &[Unread], accepted: &[Acceptance]) -> Understanding {
    let resources: Vec<Resource> = world.iter().map(|(resource, _)| resource.clone()).collect();
    let explained: Vec<Explanation> = world.iter().map(|(_, explanation)| explanation.clone()).collect();
    let (content, file) = (content(), Declarations::default());
    understand(&estate(&resources, &[]), &explained, unread, &content, &file, accepted, now())
}

fn gaps(verdict: &Understanding) -> Vec<&str> {
    verdict.unknowns.iter().flat_map(|one| &one.gaps).map(|gap| gap.part.as_str()).collect()
}

#[test]
fn demands_by_kind() {
    let common = ["owner", "purpose", "environment"];
    let of = |one: &Resource| {
        let verdict = verdict(&[(one.clone(), Explanation::default())], &[], &[]);
        assert_eq!(verdict.count(), 0);
        gaps(&verdict).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of(&here(NET, "n")), common);
    assert_eq!(of(&here(PERSON, "p")), common);
    assert_eq!(of(&here(SERVER, "s")), [&common[..], &["creator_or_code"]].concat());
    assert_eq!(of(&here(DISK, "d")), [&common[..], &["data_class", "creator_or_code"]].concat());
    assert_eq!(of(&here(NET, "n").exposed()), [&common[..], &["creator_or_code"]].concat());
    // A type without a definition is demanded what everything is.
    assert_eq!(of(&here("seen::odd::thing", "x")), common);
}

#[test]
fn what_meets_a_demand() {
    let known = [(Part::Owner, "o"), (Part::Purpose, "p"), (Part::Environment, "e")];
    for (more, expected) in [
        (&[(Part::DataClass, "internal"), (Part::Creator, "c")][..], &[][..]),
        (&[(Part::DataClass, " Restricted "), (Part::DeclaredBy, "r")], &[]),
        (&[(Part::DataClass, "secret"), (Part::Creator, "c")], &["data_class"]),
        (&[(Part::Creator, "c")], &["data_class"]),
        (&[(Part::DataClass, "public")], &["creator_or_code"]),
    ] {
        let said = says(&[&known[..], more].concat());
        let verdict = verdict(&[(here(DISK, "d"), said)], &[], &[]);
        assert_eq!(gaps(&verdict), expected, "{more:?}");
        assert_eq!(verdict.understood, [expected.is_empty()]);
    }
    let wrong = verdict(&[(here(DISK, "d"), says(&[(Part::DataClass, "secret")]))], &[], &[]);
    let gap = wrong.unknowns[0].gaps.iter().find(|gap| gap.part == "data_class").expect("a gap");
    assert_eq!(gap.detail, "`secret` is not one of public, internal, confidential, restricted");
}

#[test]
fn the_user_may_demand_something_else() {
    let file = declarations("version: 1\ndemands: { always: [], traits: { identity: [owner] } }");
    let world = [here(PERSON, "p"), here(DISK, "d")];
    let nothing = [Explanation::default(), Explanation::default()];
    let verdict = understand(&estate(&world, &[]), &nothing, &[], &content(), &file, &[], now());
    assert_eq!(gaps(&verdict), ["owner"]);
    assert_eq!(verdict.understood, [false, true]);
}

#[test]
fn what_could_not_be_read_is_a_gap_of_its_own_and_counts_once() {
    let known = says(&[(Part::Owner, "o"), (Part::Purpose, "p"), (Part::Environment, "e")]);
    let (one, other) = (here(NET, "n"), here(NET, "m"));
    let unread = |attribute: &str, reason| Unread {
        uid: one.uid.clone(),
        attribute: attribute.to_owned(),
        reason,
        detail: format!("{attribute}: {reason}"),
    };
    let all = [
        unread("Tags", Reason::Throttled),
        unread("Policy", Reason::Denied),
        unread("Tags", Reason::Throttled),
    ];
    let verdict = verdict(&[(one.clone(), known.clone()), (other, known)], &all, &[]);
    assert_eq!(verdict.understood, [false, true]);
    let gaps: Vec<_> = verdict.unknowns[0].gaps.iter().map(|g| (g.part.as_str(), g.reason)).collect();
    assert_eq!(gaps, [("Policy", Some(Reason::Denied)), ("Tags", Some(Reason::Throttled))]);
    assert_eq!(verdict.unknowns[0].gaps[0].detail, "Policy: denied");
    assert_eq!(verdict.unknowns[0].because, ["2 gaps"]);
}

#[test]
fn an_acceptance_holds_for_its_gap_until_its_end() {
    let one = here(NET, "n");
    let other = here(NET, "m");
    for (of, part, until, accepted) in [
        (&one, "owner", 1001, &["owner"][..]),
        (&one, "owner", 1000, &[]),
        (&one, "owner", 999, &[]),
        (&one, "*", 1001, &["owner", "purpose", "environment", "Policy"]),
        (&one, "Policy", 1001, &["Policy"]),
        (&one, "policy", 1001, &[]),
        (&other, "*", 1001, &[]),
    ] {
        let unread = Unread {
            uid: one.uid.clone(),
            attribute: "Policy".to_owned(),
            reason: Reason::Denied,
            detail: String::new(),
        };
        let given = acceptance(of, part, until);
        let verdict =
            verdict(&[(one.clone(), Explanation::default())], &[unread], std::slice::from_ref(&given));
        let gaps = &verdict.unknowns[0].gaps;
        let found: Vec<&str> =
            gaps.iter().filter(|gap| gap.accepted.is_some()).map(|gap| gap.part.as_str()).collect();
        assert_eq!(found, accepted, "{part} until {until}");
        assert_eq!(gaps.len(), 4, "an accepted gap stays on the list");
        assert_eq!(verdict.understood, [accepted.len() == 4]);
        assert!(gaps.iter().filter_map(|gap| gap.accepted.as_ref()).all(|a| *a == given));
    }
}

/// May be reached from outside, then stores data, then acts as an identity, then costs money, then the number of gaps,
/// then the newest. What is accepted to the last gap stands below all that is open.
#[test]
fn the_list_is_a_plain_sort() {
    let nothing = Explanation::default;
    let one_gap = || says(&[(Part::Owner, "o"), (Part::Purpose, "p")]);
    let expected = [
        (here(DISK, "open disk").exposed(), nothing()),
        (here(NET, "open net").exposed(), one_gap()),
        (here(DISK, "disk"), one_gap()),
        (here(PERSON, "person"), one_gap()),
        (here(SERVER, "server"), one_gap()),
        (here(NET, "three gaps").created(1), nothing()),
        (here(NET, "newest").created(9), one_gap()),
        (here(NET, "newer").created(8), one_gap()),
        (here(NET, "a, of no known time"), one_gap()),
        (resource(NET, "1", "south", "b"), one_gap()),
        (here(DISK, "accepted").exposed(), nothing()),
    ];
    let accepted = [acceptance(&expected[10].0, "*", 2000)];
    let mut added = expected.to_vec();
    for _ in 0..added.len() {
        added.rotate_left(1);
        let verdict = verdict(&added, &[], &accepted);
        let listed: Vec<&str> = verdict.unknowns.iter().map(|one| one.uid.as_str()).collect();
        let uids: Vec<&str> = expected.iter().map(|(one, _)| one.uid.as_str()).collect();
        assert_eq!(listed, uids);
        let ranks: Vec<u64> = verdict.unknowns.iter().map(|one| one.rank).collect();
        assert_eq!(ranks, (1..=11).collect::<Vec<_>>());
    }
    let verdict = verdict(&expected, &[], &accepted);
    assert_eq!(
        verdict.unknowns[0].because,
        ["may be reached from outside", "stores data", "costs money", "5 gaps"]
    );
    assert_eq!(verdict.unknowns[3].because, ["acts as an identity", "1 gap"]);
    assert_eq!(verdict.unknowns[10].because.last().map(String::as_str), Some("all gaps are accepted"));
    assert_eq!(verdict.count(), 1);
    assert!(time(9) > time(8));
}
