//! How a reference finds its resource: rules of the graph, one by one.

use fathom_content::Content;
use fathom_estate::{EstateBuilder, Reference, Sure};
use fathom_model::{Edge, Resource, Target};

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
        [Edge { to: Target::Unresolved { kind, reference, .. }, .. }] => format!("{kind} {reference}?"),
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
    assert_eq!(estate.edges(), [Edge { from: from.uid, kind: "points".into(), to, path: "Place".into() }]);
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

const MENTION: &str = "mentions";

fn mention(from: &Resource, to: &[&str], text: &str, path: &str) -> Reference {
    Reference { path: path.into(), sure: Sure::Mentioned, ..refer(from, MENTION, to, text) }
}

#[test]
fn a_mention_is_an_edge_where_nothing_else_leads_the_same_way() {
    let (a, b, c) = (here(DISK, "a"), here(SERVER, "b"), here(SERVER, "c"));
    let (b_arn, c_arn) = (b.uid.to_string(), c.uid.to_string());
    let references = [
        mention(&a, &[], &b_arn, "Policy.Principal"),
        refer(&a, "points", &[SERVER], "b"),
        mention(&a, &[], &c_arn, "Zed"),
        mention(&a, &[], &c_arn, "Ant"),
        mention(&a, &[SERVER], "c", "Bee"),
        mention(&a, &[], a.uid.as_str(), "Self"),
    ];
    let estate = estate(&[a.clone(), b.clone(), c.clone()], &references);
    let told: Vec<(&str, &str, &str)> =
        estate.edges().iter().map(|e| (e.kind.as_str(), e.to.as_str(), e.path.as_str())).collect();
    assert_eq!(told, [(MENTION, c_arn.as_str(), "Ant"), ("points", b_arn.as_str(), "Place")]);
}

#[test]
fn what_is_not_found_is_outside_missing_or_no_reference() {
    let from = here(DISK, "from");
    let shown = |builder: EstateBuilder| -> Vec<(String, String, bool)> {
        let edge = |edge: &Edge| match &edge.to {
            Target::Unresolved { kind, reference, outside } => {
                (kind.to_string(), reference.clone(), *outside)
            }
            Target::Known { uid } => panic!("{uid}"),
        };
        builder.build().edges().iter().map(edge).collect()
    };
    let texts = [
        "arn:aws:iam::111111111111:role/ours",
        "arn:aws:iam::222222222222:role/theirs",
        "arn:aws:s3:::bucket",
        "arn:aws:iam::aws:policy/Provider",
    ];
    let mut builder = EstateBuilder::new();
    builder.in_scope(["111111111111".into()]);
    builder.add(from.clone(), None);
    for text in texts {
        builder.refer(mention(&from, &[], text, "P"));
        let perhaps = mention(&from, &[], &format!("{text}/perhaps"), "P");
        builder.refer(Reference { sure: Sure::Perhaps, ..perhaps });
    }
    let mut expected = [
        ("seen::iam::role", texts[0], false),
        ("seen::iam::role", texts[1], true),
        ("seen::s3::", texts[2], false),
        ("seen::iam::policy", texts[3], false),
    ]
    .map(|(kind, text, outside)| (kind.to_owned(), text.to_owned(), outside));
    let mut found = shown(builder);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    // Another resource of that form tells the type; without a scope the accounts of resources are ours.
    let mut role = resource(SERVER, "222222222222", "global", "known");
    role.uid = "arn:aws:iam::222222222222:role/known".into();
    let mut builder = EstateBuilder::new();
    builder.add(from.clone(), None);
    builder.add(role, None);
    builder.refer(mention(&from, &[], texts[1], "P"));
    assert_eq!(shown(builder), [(SERVER.to_owned(), texts[1].to_owned(), false)]);
}

#[test]
fn a_longer_arn_names_a_part_where_the_definition_says_so() {
    let content = |parts: &str| {
        let text = format!(
            "type: {SERVER}\ndescription: A server.\nservice: box\nlist: {{ operation: List, items: 'L[]' }}
identity: {{ id: '{{Id}}', arn: '{{Arn}}', parts: {parts} }}"
        );
        let files = [
            ("demands.yaml".to_owned(), "always: [owner]".to_owned()),
            ("resources/server.yaml".to_owned(), text),
        ];
        Content::from_files(&files.into()).expect("a definition")
    };
    let (from, mut server) = (here(DISK, "from"), here(SERVER, "s"));
    server.uid = "arn:aws:box:::s".into();
    for (parts, text, found) in [
        ("['/']", "arn:aws:box:::s/a/b", true),
        ("['/']", "arn:aws:box:::s/a/*", true),
        ("['/']", "arn:aws:box:::s/${name}/x", true),
        ("['/']", "arn:aws:box:::s:a", false),
        ("['/']", "arn:aws:box:::s*", false),
        ("['/']", "arn:aws:box:::s-*/a", false),
        ("[':', '/']", "arn:aws:box:::s:a", true),
        ("[':']", "arn:aws:box:::s/a", false),
        ("[]", "arn:aws:box:::s/a", false),
        ("['/']", "arn:aws:box:::other/a", false),
    ] {
        let mut builder = EstateBuilder::of(&content(parts));
        builder.add(from.clone(), None);
        builder.add(server.clone(), None);
        builder.refer(mention(&from, &[], text, "P"));
        let edges = builder.build().into_parts().1;
        assert_eq!(edges[0].to.is_known(), found, "{parts} {text}");
    }
}

#[test]
fn another_arn_of_a_resource_leads_to_it() {
    let (from, server) = (here(DISK, "from"), here(SERVER, "s"));
    let root = "arn:aws:iam::1:root";
    let mut builder = EstateBuilder::new();
    builder.add(from.clone(), None);
    builder.add(server.clone(), [root.to_owned()]);
    builder.refer(mention(&from, &[], root, "Principal"));
    let to = Target::Known { uid: server.uid };
    let path = "Principal".into();
    assert_eq!(builder.build().edges(), [Edge { from: from.uid, kind: MENTION.into(), to, path }]);
}
