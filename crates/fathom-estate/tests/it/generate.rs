//! Estates as proptest makes them up: few names, so that they meet often.

use fathom_content::Declarations;
use fathom_estate::{Estate, EstateBuilder, Reference, Sure, TerraformIndex, Unread};
use fathom_model::{Acceptance, Reason, Resource};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::{Index, select, subsequence},
};
use serde_json::json;

use crate::{
    literal::Named,
    small::{DISK, NET, PERSON, SERVER, STACK, With, arn, declarations, resource, time},
};

const KINDS: [&str; 5] = [DISK, SERVER, NET, PERSON, STACK];
const ACCOUNTS: [&str; 2] = ["1", "2"];
const REGIONS: [&str; 3] = ["north", "south", "global"];
const IDS: [&str; 4] = ["a", "b", "c", "vpc-0a1b2c3d"];
const ALIASES: [&str; 3] = ["alias/x", "alias/y", "a"];
const EDGES: [&str; 4] = ["attached_to", "copy_of", "part_of", "in_net"];
const TAG_KEYS: [&str; 9] = [
    "Owner",
    "owner",
    "TEAM",
    "env",
    "Purpose",
    "Data-Class",
    "repository",
    "created-by",
    "aws:cloudformation:stack-name",
];
const TAG_VALUES: [&str; 7] = ["", "  ", "x", "y", "restricted", "secret", "a"];

/// Everything that the engine is given.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) added: Vec<Named>,
    pub(crate) references: Vec<Reference>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) acceptances: Vec<Acceptance>,
    pub(crate) declarations: Declarations,
    pub(crate) terraform: TerraformIndex,
}

impl World {
    pub(crate) fn estate(&self) -> Estate {
        let mut builder = EstateBuilder::new();
        for (resource, also) in &self.added {
            builder.add(resource.clone(), also.clone());
        }
        for reference in &self.references {
            builder.refer(reference.clone());
        }
        builder.build()
    }
}

fn a_resource() -> impl Strategy<Value = Named> {
    let place = (select(&KINDS[..]), select(&ACCOUNTS[..]), select(&REGIONS[..]), select(&IDS[..]));
    let looks = (
        btree_map(select(&TAG_KEYS[..]), select(&TAG_VALUES[..]), 0..5),
        prop::option::of(select(&["a", "shop", "stack"][..])),
        prop::option::of(0..4_i64),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
    );
    let document = (
        select(&["", " ", "somebody"][..]),
        vec((select(&IDS[..]), prop::option::of(select(&KINDS[..]))), 0..3),
    );
    (place, looks, document, subsequence(ALIASES.to_vec(), 0..=2)).prop_map(
        |((kind, account, region, id), (tags, name, created, exposed, made), (by, members), also)| {
            let members: Vec<_> = members
                .into_iter()
                .map(|(id, kind)| json!({"PhysicalResourceId": id, "ResourceType": kind}))
                .collect();
            let mut one =
                resource(kind, account, region, id).document(&json!({"MadeBy": by, "Resources": members}));
            one.tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            one.name = name.map(str::to_owned);
            one.created_at = created.map(time);
            one.exposed = exposed;
            one.provider_made = made;
            (one, also.into_iter().map(str::to_owned).collect())
        },
    )
}

fn a_text() -> impl Strategy<Value = String> {
    let uid = (select(&KINDS[..]), select(&ACCOUNTS[..]), select(&REGIONS[..]), select(&IDS[..]))
        .prop_map(|(kind, account, region, id)| arn(kind, account, region, id));
    prop_oneof![
        4 => select(&IDS[..]).prop_map(str::to_owned),
        2 => select(&ALIASES[..]).prop_map(str::to_owned),
        3 => (uid, select(&["", "", ":*", "/*", ":1"][..])).prop_map(|(uid, end)| format!("{uid}{end}")),
        1 => Just("nowhere".to_owned()),
    ]
}

fn terraform() -> impl Strategy<Value = TerraformIndex> {
    let declared = (select(&KINDS[..]), select(&ACCOUNTS[..]), select(&REGIONS[..]), select(&IDS[..]));
    vec(declared, 0..4).prop_map(|declared| {
        let instances: Vec<_> = declared
            .into_iter()
            .map(|(kind, account, region, id)| {
                json!({"mode": "managed", "type": "box", "name": "one",
                    "instances": [{"attributes": {"arn": arn(kind, account, region, id), "id": id}}]})
            })
            .collect();
        let mut index = TerraformIndex::default();
        index
            .add("main.tfstate", &json!({"version": 4, "resources": instances}).to_string())
            .expect("a state");
        index
    })
}

const DECLARED: [&str; 3] = [
    "version: 1",
    r#"
version: 1
tags: { owner: [team, owner], environment: [env], data_class: [data-class] }
teams: { red: {}, blue: {} }
systems:
  zebra: { owner: red, data_class: internal, match: [{ name: "a" }, { type: "T::Box::*", region: north }] }
  ant: { owner: blue, environment: test, match: [{ account: "2", type: "*Disk" }] }
rules:
  - { match: { type: "*::{Disk,Server}" }, set: { owner: rule one, purpose: rule one } }
  - { match: { tags: { TEAM: "?" } }, set: { owner: rule two, creator: rule two } }
  - { match: { arn: "arn:t:net:*" }, set: { declared_by: rule three } }
"#,
    "
version: 1
demands: { always: [owner], traits: { identity: [creator_or_code, environment], exposed: [owner, purpose] } }
",
];

/// A whole world of up to `most` resources.
pub(crate) fn world(most: usize) -> impl Strategy<Value = World> {
    let references = vec(
        (
            any::<Index>(),
            select(&EDGES[..]),
            subsequence(KINDS.to_vec(), 1..=3).prop_shuffle(),
            a_text(),
            select(&["A", "B[].C"][..]),
            select(&[Sure::Declared, Sure::Declared, Sure::Mentioned, Sure::Perhaps][..]),
        ),
        0..most * 2,
    );
    let unread = vec((any::<Index>(), select(&["Policy", "Tags"][..]), select(&Reason::ALL[..])), 0..6);
    let parts = ["*", "owner", "data_class", "creator_or_code", "Policy", "nothing"];
    let acceptances = vec((any::<Index>(), select(parts.to_vec()), 990..1010_i64), 0..8);
    let given = (references, unread, acceptances, select(&DECLARED[..]), terraform());
    (vec(a_resource(), 1..most), given).prop_map(
        |(added, (references, unread, acceptances, declared, terraform))| {
            let uid = |at: &Index| at.get(&added).0.uid.clone();
            World {
                references: references
                    .iter()
                    .map(|(from, kind, to, text, path, sure)| Reference {
                        from: uid(from),
                        kind: (*kind).into(),
                        to: to.iter().map(|&kind| kind.into()).collect(),
                        text: text.clone(),
                        path: (*path).into(),
                        sure: *sure,
                    })
                    .collect(),
                unread: unread
                    .iter()
                    .map(|(of, attribute, reason)| Unread {
                        uid: uid(of),
                        attribute: (*attribute).to_owned(),
                        reason: *reason,
                        detail: reason.to_string(),
                    })
                    .collect(),
                acceptances: acceptances
                    .iter()
                    .map(|(of, part, until)| acceptance(&added[of.index(added.len())].0, part, *until))
                    .collect(),
                declarations: declarations(declared),
                terraform,
                added: added.clone(),
            }
        },
    )
}

pub(crate) fn acceptance(of: &Resource, part: &str, until: i64) -> Acceptance {
    Acceptance {
        uid: of.uid.clone(),
        part: part.to_owned(),
        reason: "known".to_owned(),
        by: "somebody".to_owned(),
        at: time(0),
        until: time(until),
    }
}
