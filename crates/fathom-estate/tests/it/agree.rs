//! The engine and the literal reading agree on every estate, in whatever order it was added.

use std::collections::{BTreeMap, BTreeSet};

use fathom_estate::{Sources, explain, understand};
use fathom_model::{Edge, Explanation, Statement, Unknown};
use proptest::prelude::*;

use crate::{
    generate::{World, world},
    literal, literal_list,
    literal_list::Line,
    small::{content, now},
};

/// Everything the engine answers, by uid.
struct Answer {
    uids: Vec<String>,
    edges: Vec<Edge>,
    explained: Vec<Explanation>,
    unknowns: Vec<Unknown>,
    understood: Vec<bool>,
    duplicates: usize,
}

fn answer(world: &World) -> Answer {
    let content = content();
    let estate = world.estate();
    let sources = Sources {
        content: &content,
        declarations: &world.declarations,
        declarations_file: "fathom.yaml",
        terraform: &world.terraform,
        creators: None,
        now: now(),
    };
    let explained = explain(&estate, &sources);
    let verdict = understand(
        &estate,
        &explained,
        &world.unread,
        &content,
        &world.declarations,
        &world.acceptances,
        now(),
    );
    for (at, resource) in estate.resources().iter().enumerate() {
        assert!(estate.outgoing(at).iter().all(|edge| edge.from == resource.uid));
        assert_eq!(estate.get(resource.uid.as_str()), Some(resource));
    }
    let by_place: usize = (0..estate.resources().len()).map(|at| estate.outgoing(at).len()).sum();
    assert_eq!(by_place, estate.edges().len(), "every edge leaves one resource");
    assert_eq!(verdict.count(), verdict.understood.iter().filter(|yes| **yes).count());
    Answer {
        uids: estate.resources().iter().map(|resource| resource.uid.to_string()).collect(),
        edges: estate.edges().to_vec(),
        explained,
        unknowns: verdict.unknowns,
        understood: verdict.understood,
        duplicates: estate.duplicates().len(),
    }
}

fn lines(unknowns: &[Unknown]) -> Vec<Line> {
    unknowns
        .iter()
        .map(|one| Line {
            uid: one.uid.to_string(),
            gaps: one.gaps.iter().map(|gap| (gap.part.clone(), gap.reason, gap.accepted.is_some())).collect(),
        })
        .collect()
}

fn check(world: &World) -> Result<(), TestCaseError> {
    let content = content();
    let got = answer(world);
    let estate = literal::kept(&world.added);
    let uids: Vec<String> = estate.iter().map(|(resource, _)| resource.uid.to_string()).collect();
    prop_assert_eq!(&got.uids, &uids, "resources keep the order in which they were added");
    prop_assert_eq!(got.duplicates, world.added.len() - estate.len());

    let edges = literal::edges(&estate, &world.references);
    prop_assert_eq!(&got.edges.iter().cloned().collect::<BTreeSet<_>>(), &edges);
    prop_assert_eq!(got.edges.len(), edges.len(), "no edge comes twice");

    let said = literal::explanations(&estate, &edges, &content, &world.declarations, &world.terraform);
    for ((uid, explanation), said) in uids.iter().zip(&got.explained).zip(&said) {
        prop_assert_eq!(&explanation.statements, said, "{}", uid);
    }

    let demands = world.declarations.demands.as_ref().unwrap_or(&content.demands);
    let explained: Vec<Explanation> = said.into_iter().map(|statements| Explanation { statements }).collect();
    let (list, understood) =
        literal_list::list(&estate, &explained, &world.unread, &content, demands, &world.acceptances, now());
    prop_assert_eq!(lines(&got.unknowns), list);
    prop_assert_eq!(&got.understood, &understood);
    for (unknown, rank) in got.unknowns.iter().zip(1..) {
        prop_assert_eq!(unknown.rank, rank);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_says_what_the_documents_say(world in world(14)) {
        check(&world)?;
    }

    #[test]
    fn the_order_of_adding_changes_nothing(
        (first, second) in world(12).prop_flat_map(|mut world| {
            // Descriptions that differ under one uid have a first and a second; all else has no order.
            world.added = literal::kept(&world.added);
            let shuffled = (
                Just(world.added.clone()).prop_shuffle(),
                Just(world.references.clone()).prop_shuffle(),
                Just(world.unread.clone()).prop_shuffle(),
            );
            let other = world.clone();
            (Just(world), shuffled.prop_map(move |(added, references, unread)| World {
                added, references, unread, ..other.clone()
            }))
        }),
    ) {
        let (one, two) = (answer(&first), answer(&second));
        let by_uid = |answer: &Answer| -> BTreeMap<String, (Vec<Statement>, bool)> {
            let facts = answer.explained.iter().map(|e| e.statements.clone()).zip(answer.understood.clone());
            answer.uids.iter().cloned().zip(facts).collect()
        };
        prop_assert_eq!(by_uid(&one), by_uid(&two));
        let edges = |answer: &Answer| answer.edges.iter().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(edges(&one), edges(&two));
        prop_assert_eq!(one.unknowns, two.unknowns);
    }
}
