//! Membership of a CloudFormation stack: what it declares, and what only looks so.

use fathom_content::Declarations;
use fathom_estate::TerraformIndex;
use fathom_model::{Part, Resource, SourceKind};
use serde_json::{Value, json};

use crate::small::{DISK, NET, SERVER, STACK, With, estate, explanation, resource};

fn member(id: &str, kind: &str) -> Value {
    json!({"PhysicalResourceId": id, "ResourceType": kind})
}

fn stack(account: &str, region: &str, id: &str, members: &[Value]) -> Resource {
    resource(STACK, account, region, id).document(&json!({ "Resources": members }))
}

fn declared_by(one: &Resource, stacks: &[Resource]) -> Option<String> {
    let world = [stacks, std::slice::from_ref(one)].concat();
    let said = explanation(&estate(&world, &[]), &Declarations::default(), &TerraformIndex::default(), one);
    said.of(Part::DeclaredBy).map(|statement| {
        assert_eq!(statement.source, SourceKind::CloudFormation);
        statement.value.clone()
    })
}

#[test]
fn a_stack_declares_its_members_where_it_lives() {
    let yes = Some("CloudFormation stack web".to_owned());
    let disk = resource(DISK, "1", "north", "d");
    for (one, account, region, named, expected, why) in [
        (&disk, "1", "north", member("d", DISK), yes.clone(), "by its id"),
        (&disk, "1", "north", member(disk.uid.as_str(), DISK), yes.clone(), "by its ARN"),
        (&disk.clone().named("data"), "1", "north", member("data", DISK), yes.clone(), "by its name"),
        (&disk, "1", "north", member("d", SERVER), None, "a plain name of another type is another thing"),
        (&disk, "1", "north", member(disk.uid.as_str(), "T::Old::Disk"), yes.clone(), "an ARN is one thing"),
        (&disk, "1", "north", json!({"PhysicalResourceId": "d"}), yes.clone(), "no type said"),
        (&disk, "2", "north", member("d", DISK), None, "another account"),
        (&disk, "1", "south", member("d", DISK), None, "another region"),
        (&resource(DISK, "1", "global", "d"), "1", "south", member("d", DISK), yes, "no region"),
        (&disk, "1", "north", json!("d"), None, "not a member"),
        (&disk, "1", "north", json!({"PhysicalResourceId": 7}), None, "not an id"),
    ] {
        assert_eq!(declared_by(one, &[stack(account, region, "web", &[named])]), expected, "{why}");
    }
}

#[test]
fn the_tag_of_a_stack_counts_in_its_region() {
    let tagged = |region: &str| resource(NET, "1", region, "n").tag("aws:cloudformation:stack-name", "web");
    let stacks = [
        stack("1", "north", "a", &[]).named("web"),
        stack("1", "south", "b", &[]).named("web"),
        stack("2", "east", "c", &[]).named("web"),
    ];
    let web = Some("CloudFormation stack web".to_owned());
    assert_eq!(declared_by(&tagged("north"), &stacks), web);
    assert_eq!(declared_by(&tagged("global"), &stacks), web);
    assert_eq!(declared_by(&tagged("east"), &stacks), None, "that region's stack is of another account");
    assert_eq!(declared_by(&resource(NET, "1", "north", "web"), &stacks), None, "no tag");
    // Each region's stack speaks for what is there.
    let one = tagged("south");
    let world = [&stacks[..], std::slice::from_ref(&one)].concat();
    let said = explanation(&estate(&world, &[]), &Declarations::default(), &TerraformIndex::default(), &one);
    assert_eq!(said.statements[0].origin, stacks[1].uid.as_str());
}

#[test]
fn a_stack_hands_its_tags_on_and_is_not_its_own_member() {
    let tags = |stack: Resource| stack.tag("owner", "red").tag("env", "test").tag("repository", "git");
    let web = tags(stack("1", "north", "web", &[member("d", DISK), member("web", STACK)]));
    let disk = resource(DISK, "1", "north", "d").tag("env", "own");
    let estate = estate(&[disk.clone(), web.clone()], &[]);
    let of = |one| explanation(&estate, &Declarations::default(), &TerraformIndex::default(), one);
    let said = of(&disk);
    let owner = said.of(Part::Owner).expect("the stack's owner");
    assert_eq!((owner.value.as_str(), owner.source), ("red", SourceKind::CloudFormation));
    assert_eq!(owner.origin, format!("{} tag owner", web.uid));
    assert_eq!(said.value(Part::Environment), Some("own"), "its own tag first");
    assert_eq!(
        said.value(Part::DeclaredBy),
        Some("CloudFormation stack web"),
        "the stack, not its repository"
    );
    let said = of(&web);
    assert!(said.statements.iter().all(|s| s.source == SourceKind::Tag), "{:?}", said.statements);
}

#[test]
fn hostile_stack_documents_explain_nothing() {
    let disk = resource(DISK, "1", "north", "d");
    for document in [json!(null), json!([]), json!({"Resources": "d"}), json!({"Resources": {"d": "d"}})] {
        let stack = resource(STACK, "1", "north", "web").document(&document);
        assert_eq!(declared_by(&disk, &[stack]), None, "{document}");
    }
}
