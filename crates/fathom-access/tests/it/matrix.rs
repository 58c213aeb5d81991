//! The grid of who may do what to what: what follows from a few policies by hand, and what the evaluator says of each pair.

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{Answer, By, Grid, GridQuestion, Permissions, Resource, Wanted};
use fathom_catalogue::{Catalogue, Kind as Access};
use fathom_iam::{
    Context,
    organisation::{Builder, Found, Kind, Target},
};
use serde_json::{Value, json};

use crate::{choices::Choices, estates};

const HOME: &str = "111122223333";
const OTHER: &str = "222233334444";

fn question(by: By) -> GridQuestion {
    GridQuestion {
        wanted: Wanted::default(),
        kinds: Vec::new(),
        who: String::new(),
        on: String::new(),
        by,
        rows: 0..100,
        columns: 0..100,
    }
}

fn user(name: &str, statements: &Value) -> (&'static str, String, Value) {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let policies = json!([{"PolicyName": "own", "PolicyDocument": document}]);
    let document = json!({"UserName": name, "UserPolicyList": policies});
    ("AWS::IAM::User", format!("arn:aws:iam::{HOME}:user/{name}"), document)
}

/// Ann reads from the queues of her own name, Bob does anything to one queue, the queue's policy lets Cem send.
fn permissions() -> Permissions {
    let mut builder = Builder::default();
    builder.account(HOME);
    builder.account(OTHER);
    let queue = |name: &str| format!("arn:aws:sqs:eu-west-1:{HOME}:{name}");
    let own = json!([{"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "arn:aws:sqs:*:*:${aws:username}-*"}]);
    let all = json!([{"Effect": "Allow", "Action": "sqs:*", "Resource": queue("jobs")}]);
    let none = json!([{"Effect": "Allow", "Action": "none:Nothing", "Resource": "*"}]);
    let send = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{HOME}:user/cem")},
        "Action": "sqs:SendMessage", "Resource": queue("mail"), "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]});
    let mut documents = vec![user("ann", &own), user("bob", &all), user("cem", &none)];
    for (name, document) in
        [("ann-1", json!({})), ("ann-2", json!({})), ("jobs", json!({})), ("mail", json!({"Policy": send}))]
    {
        documents.push(("AWS::SQS::Queue", queue(name), document));
    }
    let mut resources = BTreeMap::new();
    for (kind, uid, document) in documents {
        builder.add(Found { kind, uid: &uid, account: HOME, document: &document, unread: &[] });
        if kind == "AWS::SQS::Queue" {
            let target = Target { arn: uid.clone(), account: Some(HOME.to_owned()), seen: true };
            resources.insert(uid, Resource { kind: kind.to_owned(), target });
        }
    }
    Permissions::of(builder.build(), resources).expect("a catalogue")
}

/// The cells of a grid that are not empty: who, column, kind, decision, actions, resources.
fn cells(grid: &Grid) -> Vec<(&str, &str, &str, Answer, usize, usize)> {
    let last = |text: &'_ str| text.len() - text.rsplit(['/', ':']).next().unwrap_or_default().len();
    let rows =
        grid.rows.iter().flat_map(|row| row.cells.iter().zip(&grid.columns).map(move |cell| (row, cell)));
    rows.flat_map(|(row, (cell, column))| {
        let (who, what) = (row.asker.principal.as_str(), column.key.as_str());
        cell.iter().map(move |mark| {
            let (who, what) = (&who[last(who)..], &what[last(what)..]);
            (who, what, mark.access.name(), mark.decision, mark.actions, mark.resources)
        })
    })
    .collect()
}

#[test]
fn cells_say_what_the_policies_give() {
    let permissions = permissions();
    let grid = permissions
        .grid(
            &GridQuestion {
                wanted: Wanted { access: vec![Access::Data], ..Wanted::default() },
                kinds: vec![Kind::User],
                ..question(By::Resource)
            },
            &Context::new(),
        )
        .expect("a grid");
    // What actions the catalogue holds for data on queues.
    let data = Catalogue::embedded().unwrap().actions_on("arn:aws:sqs:eu-west-1:1:q").unwrap();
    let data: Vec<&str> = data
        .into_iter()
        .filter_map(|id| Catalogue::embedded().unwrap().get(id))
        .filter(|action| action.kind() == Access::Data)
        .map(|action| action.name())
        .collect();
    assert!(data.contains(&"sqs:ReceiveMessage") && data.contains(&"sqs:SendMessage"), "{data:?}");
    assert_eq!(
        cells(&grid),
        [
            ("ann", "ann-1", "data", Answer::Allowed, 1, 1),
            ("ann", "ann-2", "data", Answer::Allowed, 1, 1),
            ("bob", "jobs", "data", Answer::Allowed, data.len(), 1),
            ("cem", "mail", "data", Answer::OnlyIf, 1, 1),
        ]
    );
    assert_eq!((grid.rows_total, grid.columns_total, grid.resources_total), (3, 4, 4));
    // The queues of Ann are alike and asked about once, beside `jobs` and `mail`.
    assert_eq!(grid.questions, 3 * data.len());
}

#[test]
fn groups_count_their_resources_and_parts_hang_together() {
    let permissions = permissions();
    let wanted =
        Wanted { access: vec![Access::Data], principal_accounts: vec![HOME.to_owned()], ..Wanted::default() };
    let by_type = GridQuestion { wanted, who: "ANN".to_owned(), ..question(By::Type) };
    let grid = permissions.grid(&by_type, &Context::new()).expect("a grid");
    assert_eq!(cells(&grid), [("ann", "Queue", "data", Answer::Allowed, 1, 2)]);
    assert_eq!((grid.columns[0].resources, grid.columns[0].not_asked), (4, 0));
    let by_account = GridQuestion { by: By::Account, on: "ann-1".to_owned(), ..by_type };
    let grid = permissions.grid(&by_account, &Context::new()).expect("a grid");
    assert_eq!(cells(&grid), [("ann", HOME, "data", Answer::Allowed, 1, 1)]);

    let whole = permissions.grid(&question(By::Resource), &Context::new()).expect("a grid");
    // Root users of both accounts, each first in its account.
    let who: Vec<&str> = whole.rows.iter().map(|row| row.asker.principal.as_str()).collect();
    assert_eq!((who.len(), who[0], who[4]), (5, HOME, OTHER));
    for row in 0..5 {
        for column in 0..4 {
            let part =
                GridQuestion { rows: row..row + 1, columns: column..column + 1, ..question(By::Resource) };
            let part = permissions.grid(&part, &Context::new()).expect("a part");
            assert_eq!((part.rows_total, part.columns_total), (5, 4));
            assert_eq!(part.rows[0].asker, whole.rows[row].asker);
            assert_eq!(
                part.rows[0].cells,
                whole.rows[row].cells[column..=column],
                "row {row}, column {column}"
            );
        }
    }
    let beyond = GridQuestion { rows: 9..20, columns: 9..20, ..question(By::Resource) };
    let beyond = permissions.grid(&beyond, &Context::new()).expect("an empty part");
    assert_eq!((beyond.rows.len(), beyond.columns.len(), beyond.rows_total), (0, 0, 5));
}

/// What the evaluator says of each principal and resource, one question after the other.
fn one_by_one(
    permissions: &Permissions,
    resources: &BTreeMap<String, Resource>,
) -> BTreeMap<(String, String), Cell> {
    let catalogue = Catalogue::embedded().unwrap();
    let organisation = permissions.index.organisation();
    let mut all = BTreeMap::new();
    for (arn, resource) in resources {
        let mut targets = vec![resource.target.clone()];
        if arn.contains(":s3:::") {
            targets.push(Target { arn: format!("{arn}/*"), ..resource.target.clone() });
        }
        for number in 0..permissions.index.principals() as u32 {
            let (name, _) = permissions.index.principal(number).unwrap();
            let cell: &mut Cell = all.entry((name.to_owned(), arn.clone())).or_default();
            for target in &targets {
                for id in catalogue.actions_on(&target.arn).unwrap_or_default() {
                    let action = catalogue.get(id).unwrap();
                    let verdict = organisation.ask(name, action.name(), target, Context::new()).unwrap();
                    if let Some(answer) = Answer::of(verdict.decision) {
                        cell.entry((action.kind(), answer)).or_default().insert(action.name());
                    }
                }
            }
        }
    }
    all
}

type Cell = BTreeMap<(Access, Answer), BTreeSet<&'static str>>;

#[test]
fn it_says_what_the_evaluator_says_of_each_pair() {
    let mut seen = 0;
    for seed in 1..=4 {
        let estate = estates::estate(&mut Choices::new(seed));
        let mut resources = BTreeMap::new();
        for one in &estate.documents {
            if ["AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::KMS::Key"].contains(&one.kind) {
                let target = Target { arn: one.uid.clone(), account: None, seen: true };
                resources.insert(one.uid.clone(), Resource { kind: one.kind.to_owned(), target });
            }
        }
        // Of these nothing is kept but the name, so that many are alike.
        for at in 0..6 {
            let arn = format!("arn:aws:sqs:eu-west-1:111111111111:alike-{at}");
            let target = Target { arn: arn.clone(), account: Some("111111111111".to_owned()), seen: true };
            resources.insert(arn, Resource { kind: "AWS::SQS::Queue".to_owned(), target });
        }
        let permissions = Permissions::of(estate.build(), resources.clone()).expect("a catalogue");
        let wanted = one_by_one(&permissions, &resources);
        let grid = permissions.grid(&question(By::Resource), &Context::new()).expect("a grid");
        assert!(grid.rows_total <= 100 && grid.columns_total <= 100, "the estate has grown");
        for row in &grid.rows {
            for (cell, column) in row.cells.iter().zip(&grid.columns) {
                let told: BTreeMap<_, _> =
                    cell.iter().map(|mark| ((mark.access, mark.decision), mark.actions)).collect();
                let said = &wanted[&(row.asker.principal.clone(), column.key.clone())];
                let said: BTreeMap<_, _> = said.iter().map(|(key, actions)| (*key, actions.len())).collect();
                assert_eq!(told, said, "seed {seed}: {} on {}", row.asker.principal, column.key);
                seen += told.len();
            }
        }
        // By type, each kind of access counts the resources on which it is there.
        let types = permissions.grid(&question(By::Type), &Context::new()).expect("a grid");
        for row in &types.rows {
            for (cell, column) in row.cells.iter().zip(&types.columns) {
                for mark in cell {
                    let of_type = resources.iter().filter(|(_, resource)| resource.kind == column.key);
                    let has = of_type.filter(|(arn, _)| {
                        let cell = &wanted[&(row.asker.principal.clone(), (*arn).clone())];
                        cell.contains_key(&(mark.access, mark.decision))
                    });
                    assert_eq!(
                        mark.resources,
                        has.count(),
                        "seed {seed}: {} on {}",
                        row.asker.principal,
                        column.key
                    );
                }
            }
        }
    }
    assert!(seen > 300, "only {seen} cells say something");
}

#[test]
fn resources_are_alike_to_some_where_they_are_to_each() {
    let (mut alike, mut others) = (0, 0);
    for seed in 1..=6 {
        let estate = estates::estate(&mut Choices::new(seed));
        let permissions = Permissions::of(estate.build(), BTreeMap::new()).expect("a catalogue");
        let index = &permissions.index;
        let numbers: Vec<u32> = (0..index.principals() as u32).collect();
        let some = index.patterns_of_some(&numbers);
        let each: Vec<_> = numbers.iter().map(|number| index.patterns(*number)).collect();
        let mut arns: Vec<String> = estate.documents.iter().map(|one| one.uid.clone()).collect();
        // What differs in one character, or only in its case.
        arns.extend(
            estate.documents.iter().flat_map(|one| [one.uid.to_uppercase(), format!("{}x", one.uid)]),
        );
        for (at, one) in arns.iter().enumerate() {
            for other in &arns[..at] {
                let is_alike = each.iter().all(|patterns| patterns.of(one) == patterns.of(other));
                assert_eq!(some.of(one) == some.of(other), is_alike, "seed {seed}: {one} and {other}");
                if is_alike { alike += 1 } else { others += 1 }
            }
        }
    }
    assert!(alike > 100 && others > 100, "{alike} alike, {others} not");
}
