//! A scan of the sample company in moto, beside Prowler on the same endpoint, calls counted for both.

use std::{collections::BTreeSet, fmt::Write as _, path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    Cost, fresh,
    front::{Calls, Front},
    measure, median, quick_build,
};
use crate::{
    python,
    sample::Moto,
    workspace::{must, root},
};

/// Runs of ours; the median is quoted. One run of minutes is enough of the peer.
const RUNS: usize = 3;
/// The account that runs the shop, and its region with most in it.
const ACCOUNT: &str = "908249470583";
const REGION: &str = "us-east-1";

pub(super) fn run() -> Result<String> {
    let bin = python::ensure()?;
    let prowler = python::environment("prowler", &root().join("tools/python/prowler.txt"))?;
    let binaries = quick_build(&["fathom", "fathom-testkit"])?;
    let moto = Moto::start(&bin)?;
    must(
        Command::new(bin.join("python"))
            .arg(root().join("tools/estate/seed.py"))
            .args(["--endpoint", &moto.url]),
    )?;
    let work = fresh("scan")?;
    let data = work.join("data");
    let data = data.to_string_lossy();
    let fathom = binaries.join("fathom");
    let (mut ours, mut our_calls) = (Vec::new(), Calls::default());
    for number in 0..RUNS {
        if Path::new(data.as_ref()).exists() {
            std::fs::remove_dir_all(data.as_ref())?;
        }
        let words = ["--data", &data, "scan", "--regions", REGION, "--quiet"];
        let out = work.join(format!("fathom-{number}.json"));
        let (cost, calls) = beside(&bin, &binaries, &moto.url, &out, &fathom, &words)?;
        ours.push(cost);
        our_calls = calls;
    }
    let output = Command::new(&fathom).args(["--data", &data, "--json", "summary"]).output()?;
    let summary: Value = serde_json::from_slice(&output.stdout).context("the summary is not JSON")?;
    let resources = summary["resources"].as_u64().unwrap_or_default();

    let reports = work.join("prowler");
    let words = [
        "aws",
        "--region",
        REGION,
        "--output-modes",
        "csv",
        "--output-directory",
        &reports.to_string_lossy(),
        "--no-banner",
        "--ignore-exit-code-3",
    ];
    let out = work.join("prowler.json");
    let (theirs, their_calls) = beside(&bin, &binaries, &moto.url, &out, &prowler.join("prowler"), &words)?;
    let missing = not_ours(&bin, &fathom, &data, &reports)?;
    Ok(table(resources, median(&ours), our_calls, theirs, their_calls) + &missing)
}

/// What the peer's report names as a resource and our estate does not know, in words.
fn not_ours(bin: &Path, fathom: &Path, data: &str, reports: &Path) -> Result<String> {
    const NAMES: &str = "import csv, glob, json, sys\n\
        csv.field_size_limit(2**30)\n\
        files = glob.glob(sys.argv[1] + '/*.csv')\n\
        names = {row['RESOURCE_UID'] for file in files for row in csv.DictReader(open(file), delimiter=';')}\n\
        print(json.dumps(sorted(names - {''})))";
    let output = Command::new(bin.join("python")).args(["-c", NAMES]).arg(reports).output()?;
    let theirs: Vec<String> = serde_json::from_slice(&output.stdout).context("the peer left no report")?;
    let words = ["--data", data, "--json", "sql", "select uid, id from resources"];
    let output = Command::new(fathom).args(words).output()?;
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).context("the estate is not JSON")?;
    let ours: BTreeSet<&str> =
        rows.iter().flat_map(|row| [row["uid"].as_str(), row["id"].as_str()]).flatten().collect();
    let (mut placeholders, mut missing) = (0, Vec::new());
    for name in &theirs {
        let name = name.trim_end_matches(":*");
        let id = name.rsplit([':', '/']).next().unwrap_or_default();
        if ours.contains(name) || ours.contains(id) {
            continue;
        }
        // `arn:aws:config:us-east-1:1234:recorder`: where there is none of a kind, the report names the kind.
        let is_kind = name.splitn(6, ':').nth(5).is_some_and(|rest| !rest.contains([':', '/']));
        if is_kind || id == "unknown" {
            placeholders += 1;
        } else {
            missing.push(format!("`{name}`"));
        }
    }
    Ok(format!(
        "\n\nProwler's report names {} resources, {placeholders} of them only a kind of which there is none; not in \
         the estate: {}.",
        theirs.len(),
        if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }
    ))
}

/// Runs one of the two through a front of its own, with the keys of the account.
fn beside(
    bin: &Path,
    binaries: &Path,
    moto: &str,
    out: &Path,
    program: &Path,
    words: &[&str],
) -> Result<(Cost, Calls)> {
    let front = Front::start(binaries, &["--moto", moto])?;
    let keys = keys(bin, moto)?;
    let key = |name: &str| keys[name].as_str().unwrap_or_default();
    let variables = [
        ("AWS_ENDPOINT_URL", front.url.as_str()),
        ("AWS_ACCESS_KEY_ID", key("AccessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", key("SecretAccessKey")),
        ("AWS_SESSION_TOKEN", key("SessionToken")),
    ];
    let cost = measure(bin, out, program, words, &variables)?;
    Ok((cost, front.end()?))
}

/// Keys of a role in the account, as moto hands them out.
fn keys(bin: &Path, moto: &str) -> Result<Value> {
    let script = format!(
        "import boto3, json; sts = boto3.client('sts', endpoint_url='{moto}', region_name='{REGION}', \
         aws_access_key_id='testing', aws_secret_access_key='testing'); \
         print(json.dumps(sts.assume_role(RoleArn='arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole', \
         RoleSessionName='bench')['Credentials'], default=str))"
    );
    let output = Command::new(bin.join("python")).args(["-c", &script]).output()?;
    serde_json::from_slice(&output.stdout).context("moto handed out no keys")
}

fn table(resources: u64, ours: Cost, our_calls: Calls, theirs: Cost, their_calls: Calls) -> String {
    let mut table = format!(
        "One account, one region, {resources} resources, the same moto endpoint (one Python process, which bounds the \
         wall time of both), each through a front of its own that counts.\n\n\
         | | wall s | CPU s | peak MiB | calls | of these distinct |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for (name, cost, calls) in [
        ("Fathom `scan` (profile quick, dependencies unoptimised)", ours, our_calls),
        ("Prowler `aws`", theirs, their_calls),
    ] {
        let _ = writeln!(
            table,
            "| {name} | {:.2} | {:.2} | {:.0} | {} | {} |",
            cost.wall_seconds, cost.cpu_seconds, cost.peak_mib, calls.all, calls.distinct
        );
    }
    let _ = writeln!(
        table,
        "| ratio | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |\n\nFathom: the median of {RUNS} runs; Prowler: one. They do \
         not do the same work: Prowler asks more services, evaluates its checks and writes its reports, and waits in \
         retries of calls that moto does not answer. The CPU ratio says more than the wall ratio.",
        theirs.wall_seconds / ours.wall_seconds.max(0.01),
        theirs.cpu_seconds / ours.cpu_seconds.max(0.01),
        theirs.peak_mib / ours.peak_mib.max(1.0),
        their_calls.all as f64 / our_calls.all.max(1) as f64,
        their_calls.distinct as f64 / our_calls.distinct.max(1) as f64,
    );
    table
}
