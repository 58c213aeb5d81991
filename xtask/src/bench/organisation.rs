//! All types in 17 regions of 20 accounts, against an endpoint that takes 30 ms an answer and throttles as AWS does.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{fresh, front::Front, measure, quick_build};
use crate::python;

/// The regions that are enabled in an account that never asked for more.
const REGIONS: &str = "us-east-1,us-east-2,us-west-1,us-west-2,ca-central-1,sa-east-1,eu-west-1,eu-west-2,eu-west-3,\
                       eu-central-1,eu-north-1,ap-south-1,ap-northeast-1,ap-northeast-2,ap-northeast-3,\
                       ap-southeast-1,ap-southeast-2";
const ACCOUNTS: &str = "20";
/// Resources of each account.
const EACH: &str = "2000";
const LATENCY_MS: &str = "30";

pub(super) fn run() -> Result<String> {
    let bin = python::ensure()?;
    let binaries = quick_build(&["fathom", "fathom-testkit"])?;
    let work = fresh("organisation")?;
    let data = work.join("data");
    let data = data.to_string_lossy();
    let mut table = "| endpoint | types × regions × accounts | resources | wall s | CPU s | peak MiB | calls | fewest possible | throttled | unknown rows |\n\
                     | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for (name, limits) in [("30 ms, no limits", None), ("30 ms, throttles as AWS does", Some("--limited"))] {
        let mut words = vec!["--accounts", ACCOUNTS, "--regions", REGIONS, "--scale", EACH];
        words.extend(["--latency-ms", LATENCY_MS]);
        words.extend(limits);
        if std::path::Path::new(data.as_ref()).exists() {
            std::fs::remove_dir_all(data.as_ref())?;
        }
        let front = Front::start(&binaries, &words)?;
        let variables = [
            ("AWS_ENDPOINT_URL", front.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
        ];
        let words = ["--data", &data, "--json", "scan", "--organization-role", "Audit"];
        let out = work.join("fathom.json");
        let cost = measure(&bin, &out, &binaries.join("fathom"), &words, &variables)?;
        let calls = front.end()?;
        let log = std::fs::read(work.join("fathom.json.log"))?;
        let report: Value = serde_json::from_slice(&log).context("the scan printed no JSON")?;
        let coverage = report["coverage"].as_array().map(Vec::as_slice).unwrap_or_default();
        // Each account has a row for every service without a definition; what matters here is what was asked.
        let unknown = coverage
            .iter()
            .filter(|row| row["outcome"] == "unknown" && row["reason"] != "not_defined")
            .count();
        let types = coverage
            .iter()
            .filter_map(|row| row["type"].as_str())
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        let _ = writeln!(
            table,
            "| {name} | {types} × 17 × {ACCOUNTS} | {} | {:.1} | {:.1} | {:.0} | {} | {} | {} | {unknown} |",
            report["scan"]["resources"],
            cost.wall_seconds,
            cost.cpu_seconds,
            cost.peak_mib,
            calls.all,
            calls.distinct,
            calls.throttled
        );
    }
    table.push_str(
        "\nProfile quick (dependencies unoptimised), 64 requests at once. Fewest possible: the calls that differ in account, \
         region, operation or parameters.\n",
    );
    Ok(table)
}
