//! What each source says, and which of them holds: cases written by hand.

use std::collections::BTreeMap;

use fathom_content::Declarations;
use fathom_estate::TerraformIndex;
use fathom_model::{Part, Resource, SourceKind};
use serde_json::json;

use crate::small::{
    DISK, NET, PERSON, SERVER, STACK, With, declarations, estate, explanation, here, holds, refer,
};

fn alone(resource: &Resource, declarations: &Declarations) -> fathom_model::Explanation {
    let estate = estate(std::slice::from_ref(resource), &[]);
    explanation(&estate, declarations, &TerraformIndex::default(), resource)
}

#[test]
fn tag_keys_in_order_of_preference_and_any_case() {
    let keys = declarations("version: 1\ntags: { owner: [Owner, Team, Größe] }");
    for (tags, expected) in [
        (&[("owner", "a")][..], Some(("a", "tag owner"))),
        (&[("OWNER", "a"), ("team", "b")], Some(("a", "tag OWNER"))),
        (&[("team", "b")], Some(("b", "tag team"))),
        (&[("owner", " "), ("Team", "b")], Some(("b", "tag Team"))),
        (&[("GRÖSSE", "c")], None),
        (&[("GRÖßE", "c")], Some(("c", "tag GRÖßE"))),
        (&[("owners", "a"), ("my-team", "b")], None),
        (&[("owner", "")], None),
    ] {
        let one = tags.iter().fold(here(NET, "n"), |one, (key, value)| one.tag(key, value));
        let said = alone(&one, &keys);
        let owner = said.of(Part::Owner).map(|s| (s.value.as_str(), s.origin.as_str()));
        assert_eq!(owner, expected, "{tags:?}");
    }
    let said = alone(&here(NET, "n").tag("env", "test"), &Declarations::default());
    assert_eq!(holds(&said, Part::Environment), Some(("test", SourceKind::Tag)));
}

#[test]
fn systems_before_rules_and_the_first_that_states_a_part() {
    let file = declarations(
        r#"
version: 1
teams: { payments: {}, platform: {} }
systems:
  checkout:
    owner: payments
    data_class: restricted
    match:
      - { name: "checkout-*" }
      - { type: "T::Box::Disk", name: "*-receipts" }
      - { tags: { shop: checkout } }
rules:
  - { match: { type: "T::Box::Disk" }, set: { purpose: rule, environment: one } }
  - { match: { account: "1", region: north }, set: { environment: two, creator: two } }
  - { match: { region: south }, set: { owner: three } }
"#,
    );
    let of = |resource: &Resource| -> Vec<String> {
        let said = alone(resource, &file);
        let line = |part: Part| {
            let statement = said.of(part)?;
            assert_eq!(statement.source, SourceKind::Declaration);
            Some(format!("{part}={} ({})", statement.value, statement.origin.strip_prefix("fathom.yaml ")?))
        };
        Part::ALL.into_iter().filter_map(line).collect()
    };
    assert_eq!(
        of(&here(DISK, "shop-receipts")),
        [
            "owner=payments (system checkout)",
            // A system that says no purpose is one: its name.
            "purpose=checkout (system checkout)",
            "environment=one (rule 1)",
            "data_class=restricted (system checkout)",
            "creator=two (rule 2)",
        ]
    );
    let two = ["environment=two (rule 2)", "creator=two (rule 2)"];
    assert_eq!(of(&here(NET, "shop-receipts")), two, "all members of one match must hold");
    assert_eq!(of(&here(NET, "x").tag("shop", "checkout"))[0], "owner=payments (system checkout)");
    assert_eq!(of(&here(NET, "x").named("checkout-x"))[0], "owner=payments (system checkout)", "the name");
    assert_eq!(of(&here(NET, "checkout-x").named("y"))[0], "owner=payments (system checkout)", "or the id");
    assert_eq!(of(&here(NET, "x").tag("shop", "other")), two);
}

#[test]
fn a_blank_declaration_says_nothing() {
    let file = declarations(
        "
version: 1
systems: { shop: { purpose: ' ', environment: '', match: [{ name: n }] } }
rules:
  - { match: { name: n }, set: { owner: '', environment: ' ' } }
  - { match: { name: n }, set: { owner: red } }",
    );
    let said = alone(&here(NET, "n"), &file);
    assert_eq!(holds(&said, Part::Owner), Some(("red", SourceKind::Declaration)));
    assert_eq!(holds(&said, Part::Purpose), Some(("shop", SourceKind::Declaration)));
    assert_eq!(holds(&said, Part::Environment), None);
}

/// Takes one source after the other away, from the most trusted: the next holds. All that is said is kept.
#[test]
fn the_order_of_trust() {
    let kinds = [
        (SourceKind::Tag, "by tag"),
        (SourceKind::Declaration, "by declaration"),
        (SourceKind::Terraform, "main.tfstate#box.one"),
        (SourceKind::CloudFormation, "CloudFormation stack web"),
        (SourceKind::Inherited, "by parent"),
    ];
    for from in 0..=kinds.len() {
        let speaks = |kind: SourceKind| kinds[from..].iter().any(|(one, _)| *one == kind);
        let mut one = here(SERVER, "vpc-0a1b2c3d");
        if speaks(SourceKind::Tag) {
            one = one.tag("repository", "by tag");
        }
        let rule = "{ match: { name: vpc-0a1b2c3d }, set: { declared_by: by declaration } }";
        let file = if speaks(SourceKind::Declaration) {
            declarations(&format!("version: 1\nrules: [{rule}]"))
        } else {
            Declarations::default()
        };
        let mut terraform = TerraformIndex::default();
        if speaks(SourceKind::Terraform) {
            let attributes = json!({"id": "vpc-0a1b2c3d"});
            let resource = json!({"mode": "managed", "type": "box", "name": "one",
                "instances": [{"attributes": attributes}]});
            let state = json!({"version": 4, "resources": [resource]}).to_string();
            assert_eq!(terraform.add("main.tfstate", &state).expect("a state"), 1);
        }
        let mut world = vec![one.clone(), here(NET, "parent").tag("repository", "by parent")];
        if speaks(SourceKind::CloudFormation) {
            let members = json!({"Resources": [{"PhysicalResourceId": "vpc-0a1b2c3d"}]});
            world.push(here(STACK, "web").document(&members));
        }
        let parent = speaks(SourceKind::Inherited).then(|| refer(&one, "in_net", &[NET], "parent"));
        let estate = estate(&world, parent.as_slice());
        let said = explanation(&estate, &file, &terraform, &one);
        let expected = kinds.get(from).map(|(kind, value)| (*value, *kind));
        assert_eq!(holds(&said, Part::DeclaredBy), expected);
        // Nothing is taken over that is stated; all else that was said is there, in order of trust.
        let own = kinds.len().saturating_sub(from + 1).max(usize::from(from == kinds.len() - 1));
        assert_eq!(said.statements.len(), own, "{:#?}", said.statements);
        assert!(said.statements.is_sorted_by_key(|s| (s.part, s.source)));
    }
}

#[test]
fn what_the_provider_made_is_its_own_and_documents_state_facts() {
    let said = alone(&here(PERSON, "p").provider_made(), &Declarations::default());
    let parts: BTreeMap<Part, &str> = said.statements.iter().map(|s| (s.part, s.value.as_str())).collect();
    assert_eq!(parts[&Part::Owner], "T");
    assert_eq!(parts[&Part::Creator], "T");
    assert_eq!(parts[&Part::Environment], "provider");
    assert!(parts.contains_key(&Part::Purpose));
    assert!(said.statements.iter().all(|s| s.source == SourceKind::Provider));

    let stated =
        |by: &str| alone(&here(PERSON, "p").document(&json!({"MadeBy": by})), &Declarations::default());
    assert_eq!(holds(&stated("root"), Part::Creator), Some(("root", SourceKind::Provider)));
    assert_eq!(stated("root").statements[0].origin, "MadeBy of its description");
    assert_eq!(stated(" ").statements, []);
    let tagged = here(PERSON, "p").provider_made().tag("owner", "us");
    assert_eq!(holds(&alone(&tagged, &Declarations::default()), Part::Owner), Some(("us", SourceKind::Tag)));
}

/// A chain of servers `0 -> 1 -> …`, each part of the next; only some are tagged.
fn chain(length: usize, circle: bool, owners: &[(usize, &str)]) -> (Vec<Resource>, fathom_estate::Estate) {
    let mut servers: Vec<Resource> = (0..length).map(|i| here(SERVER, &format!("s{i}"))).collect();
    for (at, owner) in owners {
        servers[*at] = servers[*at].clone().tag("owner", owner);
    }
    let next = |i: usize| format!("s{}", (i + 1) % length);
    let last = if circle { length } else { length - 1 };
    let references: Vec<_> = (0..last).map(|i| refer(&servers[i], "part_of", &[SERVER], &next(i))).collect();
    let estate = estate(&servers, &references);
    (servers, estate)
}

#[test]
fn inheritance_takes_the_nearest_up_to_four_steps_and_ends_in_circles() {
    for (length, circle, owners, expected) in [
        (3, false, &[(1, "near"), (2, "far")][..], Some("near")),
        (3, false, &[(2, "far")], Some("far")),
        (5, false, &[(4, "fourth")], Some("fourth")),
        (6, false, &[(5, "fifth")], None),
        (1, true, &[], None),
        (3, true, &[], None),
        (3, true, &[(2, "round")], Some("round")),
        (3, false, &[(0, "own"), (1, "near")], Some("own")),
    ] {
        let (servers, estate) = chain(length, circle, owners);
        let said = explanation(&estate, &Declarations::default(), &TerraformIndex::default(), &servers[0]);
        assert_eq!(said.value(Part::Owner), expected, "{length} {circle} {owners:?}");
    }
    let (servers, estate) = chain(3, false, &[(2, "far")]);
    let said = explanation(&estate, &Declarations::default(), &TerraformIndex::default(), &servers[0]);
    assert_eq!(said.statements[0].origin, format!("part_of {}: tag owner", servers[2].uid));
    assert_eq!(said.statements[0].source, SourceKind::Inherited);
}

#[test]
fn inheritance_follows_only_the_edges_that_are_named_in_their_order() {
    let disk = here(DISK, "d");
    let world = [
        disk.clone(),
        here(SERVER, "s").tag("owner", "server"),
        here(DISK, "a").tag("owner", "disk").tag("env", "disk"),
        here(NET, "n").tag("owner", "net").tag("purpose", "net"),
    ];
    let references = [
        refer(&disk, "copy_of", &[DISK], "a"),
        refer(&disk, "attached_to", &[SERVER], "s"),
        refer(&disk, "in_net", &[NET], "n"),
    ];
    let said = explanation(
        &estate(&world, &references),
        &Declarations::default(),
        &TerraformIndex::default(),
        &disk,
    );
    assert_eq!(said.value(Part::Owner), Some("server"), "`attached_to` stands before `copy_of`");
    assert_eq!(said.value(Part::Environment), Some("disk"), "part by part");
    assert_eq!(said.value(Part::Purpose), None, "a disk takes nothing over `in_net`");
}

#[test]
fn nobody_hands_creator_or_code_to_what_is_exposed() {
    let source = here(DISK, "a").tag("owner", "o").tag("creator", "c").tag("repository", "r");
    for exposed in [false, true] {
        let copy = here(DISK, "b").named("copy");
        let copy = if exposed { copy.exposed() } else { copy };
        let estate = estate(&[source.clone(), copy.clone()], &[refer(&copy, "copy_of", &[DISK], "a")]);
        let said = explanation(&estate, &Declarations::default(), &TerraformIndex::default(), &copy);
        assert_eq!(said.value(Part::Owner), Some("o"));
        assert_eq!(said.value(Part::Creator), (!exposed).then_some("c"));
        assert_eq!(said.value(Part::DeclaredBy), (!exposed).then_some("r"));
    }
}

#[test]
fn what_is_handed_on_is_what_holds_there() {
    // Made by the provider, and its document names a creator too: two words of one trust.
    let person = here(PERSON, "p").provider_made().document(&json!({"MadeBy": "root"}));
    let server = here(SERVER, "s");
    let estate = estate(&[person.clone(), server.clone()], &[refer(&server, "part_of", &[PERSON], "p")]);
    let of = |resource: &Resource| {
        explanation(&estate, &Declarations::default(), &TerraformIndex::default(), resource)
    };
    assert_eq!(of(&server).value(Part::Creator), of(&person).value(Part::Creator));
}
