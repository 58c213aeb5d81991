//! 1,000,000 resources from the first call to an answer in SQL, as a person would have it: scan, scan again, ask.

use std::fmt::Write as _;

use anyhow::Result;

use super::{fresh, front::Front, measure};
use crate::{
    python,
    workspace::{cargo, must, target},
};

/// Questions that people ask first.
const QUESTIONS: [(&str, &str); 5] = [
    ("count by type", "select type, count(*) from resources group by type order by 2 desc"),
    (
        "one type, filtered on a column of its own",
        "select count(*) from aws_ec2_instance where imds_tokens = 'optional'",
    ),
    ("what is not understood, by account", "select account, count(*) from unknowns group by account"),
    (
        "a join over edges",
        "select count(*) from edges e join resources r on r.uid = e.to_uid where r.type = 'AWS::EC2::Subnet'",
    ),
    ("one resource by its id", "select uid from resources where id = 'i-00000000000000001'"),
];

pub(super) fn run() -> Result<String> {
    let bin = python::ensure()?;
    must(&mut cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "fathom",
        "--package",
        "fathom-testkit",
    ]))?;
    let binaries = target().join("release");
    let fathom = binaries.join("fathom");
    let work = fresh("large")?;
    let data = work.join("data");
    let data = data.to_string_lossy();
    let front = Front::start(&binaries, &["--scale", "1000000"])?;
    let variables = [
        ("AWS_ENDPOINT_URL", front.url.as_str()),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
    ];
    let mut table = "| step | wall s | CPU s | peak MiB |\n| --- | --- | --- | --- |\n".to_owned();
    let mut row = |name: &str, words: &[&str]| -> Result<()> {
        let words = [&["--data", &data], words].concat();
        let cost = measure(&bin, &work.join("cost.json"), &fathom, &words, &variables)?;
        let _ = writeln!(
            table,
            "| {name} | {:.1} | {:.1} | {:.0} |",
            cost.wall_seconds, cost.cpu_seconds, cost.peak_mib
        );
        Ok(())
    };
    row("`scan`, first time", &["scan", "--quiet"])?;
    row("`scan`, nothing changed", &["scan", "--quiet"])?;
    for (name, query) in QUESTIONS {
        row(&format!("`sql`: {name}"), &["sql", query])?;
    }
    row("`unknown`, first page", &["unknown"])?;
    row("`summary`", &["summary"])?;
    let calls = front.end()?;
    let size = std::fs::metadata(work.join("data/fathom.db"))?.len() as f64 / 1e9;
    let _ = writeln!(
        table,
        "\nProfile release; the front that answers runs beside it on the same two cores. Calls of both scans: {}, database \
         afterwards {size:.2} GB.",
        calls.all
    );
    Ok(table)
}
