//! Conditions that sources are told of: they may make an answer quicker, never another one.

use fathom_lake::{Which, WhichEdges};
use serde_json::json;

use crate::{
    estate::{INSTANCE, at, lake_of, memory, rows, uid},
    history::three_scans,
};

/// Tables, what is asked of them, and conditions; in each, `{}` is a column, plain or made unreadable to the source.
const CONDITIONS: &[(&str, &str, &str, &[&str])] = &[
    ("resources", "uid, name, document", "uid", &["{} = 'arn:logs'", "'arn:logs' = {}", "{} = 'nothing'"]),
    (
        "resources",
        "uid",
        "uid",
        &[
            "{} IN ('arn:logs', 'arn:web-1')",
            "{} IN ('arn:logs', 'a', 'b', 'c', 'd', 'e')",
            "{} NOT IN ('arn:logs')",
            "({} = 'arn:logs' OR {} = 'arn:new')",
            "({} = 'arn:logs' OR name = 'web-1')",
            "({} = 'arn:logs' AND {} = 'arn:new')",
            "({} = 'arn:logs' AND {} IN ('arn:logs', 'arn:new'))",
            "{} <> 'arn:logs'",
            "{} LIKE 'arn:l%'",
            "({} = 'arn:logs' OR {} IS NULL)",
            "NOT ({} = 'arn:logs')",
        ],
    ),
    ("resources", "uid", "id", &["{} = 'logs'", "{} = 'LOGS'"]),
    ("resources", "uid", "name", &["{} = 'web-1'", "{} = ''"]),
    ("resources", "uid", "account", &["{} = '111122223333'", "{} = '1'"]),
    ("resources", "uid", "region", &["{} = 'eu-central-1'", "{} = 'global'"]),
    (
        "resources",
        "uid",
        "type",
        &["{} = 'AWS::S3::Bucket'", "{} IN ('AWS::S3::Bucket', 'AWS::EC2::Instance')"],
    ),
    ("aws_s3_bucket", "uid, size, owner", "uid", &["{} = 'arn:logs'", "{} = 'arn:web-1'"]),
    ("aws_s3_bucket", "uid, owner", "name", &["{} = 'new'"]),
    ("edges", "from_uid, to_uid, to_type", "from_uid", &["{} = 'arn:web-1'", "{} = 'arn:logs'"]),
    ("edges", "from_uid, to_uid, to_type", "to_uid", &["{} = 'arn:logs'", "{} IN ('arn:logs', 'arn:new')"]),
    ("explanations", "uid, part, value", "uid", &["{} = 'arn:logs'", "{} = 'arn:web-1'"]),
    ("unknowns", "uid, part, rank", "uid", &["{} = 'arn:logs'"]),
    (
        "resource_versions",
        "uid, scan, gone, document",
        "uid",
        &["{} = 'arn:logs'", "{} IN ('arn:new', 'arn:web-1')"],
    ),
    ("resource_versions", "uid, scan", "account", &["{} = '111122223333'"]),
    ("changes", "uid, scan, what, old, new", "uid", &["{} = 'arn:logs'", "{} = 'arn:web-1'"]),
    ("changes", "uid, scan, what", "type", &["{} = 'AWS::EC2::Instance'"]),
];

#[tokio::test]
async fn a_condition_that_the_source_knows_gives_the_same_rows() {
    let dir = tempfile::tempdir().expect("a directory");
    let (store, now) = three_scans(dir.path()).await;
    let mut found = 0;
    for moment in [None, Some("scan:1"), Some("scan:2")] {
        let lake = match moment {
            None => now.clone(),
            Some(moment) => {
                let moment = moment.parse().expect("a moment");
                now.over(store.past(&moment, at("2026-03-09T00:00:00Z")).await.expect("a past"))
            }
        };
        for (table, columns, column, conditions) in CONDITIONS {
            for condition in *conditions {
                let ask = |column: &str| {
                    let condition = condition.replace("{}", column);
                    format!("SELECT {columns} FROM {table} WHERE {condition} ORDER BY {columns}")
                };
                let (plain, hidden) = (ask(column), ask(&format!("concat({column}, '')")));
                // What is null stays null where it is not put together with something.
                let hidden =
                    hidden.replace(&format!("concat({column}, '') IS NULL"), &format!("{column} IS NULL"));
                let answer = rows(&lake, &plain).await;
                assert_eq!(answer, rows(&lake, &hidden).await, "{plain} as of {moment:?}");
                found += answer.as_array().map_or(0, Vec::len);
            }
        }
    }
    assert!(found > 60, "only {found} rows");
}

#[tokio::test]
async fn sources_are_told_what_can_count() {
    let few = |uids: &[&str]| Which { uids: uids.iter().map(|name| uid(name)).collect(), ..Which::default() };
    let all = Which::all();
    for (condition, which) in [
        ("uid = 'arn:logs'", few(&["logs"])),
        ("uid IN ('arn:logs', 'arn:web-1')", few(&["logs", "web-1"])),
        ("uid = 'arn:logs' AND understood", few(&["logs"])),
        ("uid = 'arn:logs' OR understood", all.clone()),
        ("uid = 'arn:logs' OR id = 'web-1'", all.clone()),
        ("uid > 'arn:logs'", all.clone()),
        ("uid = id", all.clone()),
        ("lower(uid) = 'arn:logs'", all.clone()),
        (
            "type = 'AWS::EC2::Instance' AND account = '1' AND region = 'r' AND id = 'i' AND name = 'n'",
            Which {
                uids: Vec::new(),
                ids: vec!["i".to_owned()],
                names: vec!["n".to_owned()],
                kinds: vec![INSTANCE.into()],
                accounts: vec!["1".into()],
                regions: vec!["r".into()],
            },
        ),
    ] {
        let memory = memory();
        let asked = memory.asked.clone();
        rows(&lake_of(memory), &format!("SELECT name FROM resources WHERE {condition}")).await;
        let mut asked = std::mem::take(&mut asked.lock().expect("a lock").0);
        for which in &mut asked {
            which.uids.sort();
        }
        assert_eq!(asked, [which], "{condition}");
    }
    let many: Vec<String> = (0..2000).map(|number| format!("'arn:{number}'")).collect();
    let memory = memory();
    let asked = memory.asked.clone();
    let sql = format!("SELECT uid FROM resources WHERE uid IN ({}, 'arn:logs')", many.join(","));
    assert_eq!(rows(&lake_of(memory), &sql).await, json!([{"uid": "arn:logs"}]));
    assert_eq!(asked.lock().expect("a lock").0, [all], "a list too long to hand down");
}

#[tokio::test]
async fn only_the_types_of_what_edges_lead_to_are_looked_up() {
    let memory = memory();
    let asked = memory.asked.clone();
    let lake = lake_of(memory);
    let sql = "SELECT to_uid, to_type FROM edges WHERE from_uid = 'arn:web-2'";
    assert_eq!(rows(&lake, sql).await, json!([{"to_uid": "vpc-1", "to_type": "AWS::EC2::VPC"}]));
    let sql = "SELECT to_type FROM edges WHERE to_uid = 'arn:media'";
    assert_eq!(rows(&lake, sql).await, json!([{"to_type": "AWS::S3::Bucket"}]));
    let (resources, edges) = asked.lock().expect("a lock").clone();
    let from = WhichEdges { from: vec![uid("web-2")], to: Vec::new() };
    assert_eq!(edges, [from, WhichEdges { from: Vec::new(), to: vec![uid("media")] }]);
    assert!(resources.iter().all(|which| !which.uids.is_empty()), "never all: {resources:?}");
    assert!(!resources.is_empty());
}
