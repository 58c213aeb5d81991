//! How a reference finds its resource: rules of the graph, one by one.

use fathom_estate::EstateBuilder;
use fathom_model::{Edge, Target};

use crate::small::{DISK, NET, SERVER, arn, estate, here, refer, resource};

/// Where the reference of a disk in account 1, north, leads.
fn leads(to: &[&str], text: &str) -> String {
    let from = here(DISK, "from");
    let world = [
        from.clone(),
        here(SERVER, "near"),
        resource(SERVER, "1", "south", "near"),
        resource(SERVER, "2", "north", "near"),
        resource(SERVER, "1", "south", "account"),
        resource(SERVER, "2", "north", "account"),
        resource(SERVER, "2", "south", "far"),
        here(NET, "both"),
        here(SERVER, "both"),
        resource(NET, "1", "south", "twice"),
        resource(NET, "1", "east", "twice"),
        resource(SERVER, "2", "north", "typed"),
        resource(NET, "1", "north", "typed"),
    ];
    let estate = estate(&world, &[refer(&from, "points", to, text)]);
    match &estate.edges() {
        [Edge { to: Target::Known { uid }, .. }] => uid.to_string(),
        [Edge { to: Target::Unresolved { kind, reference }, .. }] => format!("{kind} {reference}?"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nearest_first() {
    let server = |account, region, id| arn(SERVER, account, region, id);
    for (to, text, expected, why) in [
        (&[SERVER][..], "near", server("1", "north", "near"), "the same account and region"),
        (&[SERVER], "account", server("1", "south", "account"), "the same account before the same region"),
        (&[SERVER], "far", server("2", "south", "far"), "anywhere"),
        (
            &[SERVER],
            &server("2", "north", "near"),
            server("2", "north", "near"),
            "the exact uid before the near",
        ),
        (&[NET], &server("2", "north", "near"), server("2", "north", "near"), "a uid needs no type"),
        (&[NET, SERVER], "both", arn(NET, "1", "north", "both"), "of equally near the likeliest type"),
        (&[SERVER, NET], "both", arn(SERVER, "1", "north", "both"), "and the other way round"),
        (&[SERVER, NET], "typed", arn(NET, "1", "north", "typed"), "nearness before likelihood"),
        (&[NET], "twice", arn(NET, "1", "east", "twice"), "of equals the first by uid"),
        (&[NET], "near", format!("{NET} near?"), "an id of another type is another thing"),
        (&[SERVER, NET], "nobody", format!("{SERVER} nobody?"), "what leads nowhere stays visible"),
        (&[SERVER], "NEAR", format!("{SERVER} NEAR?"), "ids have upper and lower case"),
    ] {
        assert_eq!(leads(to, text), expected, "{why}");
    }
}

#[test]
fn an_arn_may_end_in_a_wildcard() {
    let uid = arn(SERVER, "1", "north", "near");
    for end in [":*", "/*"] {
        assert_eq!(leads(&[SERVER], &format!("{uid}{end}")), uid);
    }
    for end in ["*", ":1", "/", ":*x"] {
        assert_eq!(leads(&[SERVER], &format!("{uid}{end}")), format!("{SERVER} {uid}{end}?"));
    }
}

#[test]
fn other_names_lead_to_their_resource() {
    let (from, server) = (here(DISK, "from"), here(SERVER, "s"));
    let mut builder = EstateBuilder::new();
    builder.add(from.clone(), None);
    builder.refer(refer(&from, "points", &[SERVER], "alias/s"));
    // A reference may come before what it leads to.
    builder.add(server.clone(), ["alias/s".to_owned(), "s".to_owned(), "alias/s".to_owned()]);
    let estate = builder.build();
    let to = Target::Known { uid: server.uid };
    assert_eq!(estate.edges(), [Edge { from: from.uid, kind: "points".into(), to }]);
}

#[test]
fn the_first_description_of_a_uid_stays_and_the_others_are_counted() {
    let mut builder = EstateBuilder::new();
    let first = here(SERVER, "s");
    let mut second = first.clone();
    second.name = Some("second".to_owned());
    assert!(builder.add(first.clone(), None));
    assert!(builder.contains(first.uid.as_str()));
    assert!(!builder.add(second.clone(), ["only the second".to_owned()]));
    assert!(!builder.add(second, None));
    builder.refer(refer(&first, "points", &[SERVER], "only the second"));
    let estate = builder.build();
    assert_eq!(estate.resources(), std::slice::from_ref(&first));
    assert_eq!(estate.duplicates(), [first.uid.clone(), first.uid.clone()]);
    assert!(!estate.edges()[0].to.is_known(), "names of a description that was not kept lead nowhere");
}

#[test]
fn edges_come_once_and_lie_with_their_resource() {
    let (a, b, c) = (here(DISK, "a"), here(DISK, "b"), here(SERVER, "c"));
    let references = [
        refer(&a, "points", &[SERVER], "c"),
        refer(&b, "points", &[SERVER], "c"),
        refer(&a, "points", &[SERVER], c.uid.as_str()),
        refer(&a, "points", &[DISK], "a"),
    ];
    let estate = estate(&[b, a, c.clone()], &references);
    let counts: Vec<usize> = (0..4).map(|at| estate.outgoing(at).len()).collect();
    assert_eq!(counts, [1, 2, 0, 0], "the same edge twice is one edge; no place, no edges");
    assert_eq!(estate.count_in(&c.account, &c.region), 3);
    assert_eq!(estate.get("arn:t:none"), None);
}
