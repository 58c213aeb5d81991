//! What the console's first view and its table ask of the API, at 1,000,000 resources, over HTTP as a browser would.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::fresh;
use crate::workspace::{cargo, must, target};

/// Resources of the estate; `FATHOM_BENCH_RESOURCES` sets another number.
const RESOURCES: usize = 1_000_000;
/// Requests of each kind.
const REQUESTS: usize = 50;
/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is asked: a name, its address, and the milliseconds that it may take in the middle.
const ROUTES: [(&str, &str, f64); 21] = [
    ("first view: summary", "/summary", 1000.0),
    ("first view: worst unknowns", "/unknowns?limit=10", 1000.0),
    ("first view: trend", "/trend?limit=30", 1000.0),
    ("first view: coverage", "/coverage/facets", 1000.0),
    ("first view: changes, first 20", "/changes?limit=20", 1000.0),
    ("map of the organisation", "/map", 1000.0),
    ("table: first page", "/resources?limit=100", 200.0),
    ("table: by name", "/resources?limit=100&order=name", 200.0),
    (
        "table: by name, one type, not understood",
        "/resources?limit=100&order=name&type=AWS::S3::Bucket&understood=false",
        200.0,
    ),
    ("table: one team, exposed", "/resources?limit=100&owner=team-07&exposed=true", 200.0),
    ("table: one tag", "/resources?limit=100&tag=Environment%3Dproduction", 200.0),
    ("search: few", "/resources?limit=100&search=shop-7-12345", 200.0),
    ("search: many", "/resources?limit=100&search=SHOP", 200.0),
    ("search: none", "/resources?limit=100&search=nothing-like-it", 200.0),
    ("facets: all", "/resources/facets", 200.0),
    ("facets: one type, one region", "/resources/facets?type=AWS::EC2::Instance&region=eu-west-1", 200.0),
    ("facets with search", "/resources/facets?search=shop-7", 200.0),
    ("facets with a tag", "/resources/facets?tag=Environment%3Dproduction", 200.0),
    ("unknowns: a page, one team missing", "/unknowns?limit=100&owner=&type=AWS::SQS::Queue", 200.0),
    ("unknowns: facets", "/unknowns/facets", 200.0),
    ("graph: estate of 10,000", "/graph/estate?limit=10000", 2000.0),
];

pub(super) fn run() -> Result<String> {
    let total: usize = match std::env::var("FATHOM_BENCH_RESOURCES") {
        Ok(text) => text.parse().context("FATHOM_BENCH_RESOURCES is not a number")?,
        Err(_) => RESOURCES,
    };
    let profile = std::env::var("FATHOM_BENCH_PROFILE").unwrap_or_else(|_| "release".to_owned());
    must(&mut cargo(&["build", "--locked", "--profile", &profile, "--package", "fathom"]))?;
    let data = target().join("bench").join(format!("console-{total}"));
    let done = data.join("made");
    let mut made = None;
    if !done.exists() {
        let fresh = fresh(&format!("console-{total}"))?;
        let begun = Instant::now();
        let (directory, number) = (fresh.to_string_lossy().into_owned(), total.to_string());
        must(&mut cargo(&[
            "run",
            "--locked",
            "--profile",
            &profile,
            "--package",
            "fathom-store",
            "--example",
            "console_estate",
            "--",
            &directory,
            &number,
        ]))?;
        std::fs::write(&done, "")?;
        made = Some(begun.elapsed());
    }
    let folder = if profile == "dev" { "debug" } else { &profile };
    let server = Served::start(&target().join(folder).join("fathom"), &data)?;
    let begun = Instant::now();
    server.ask("/resources/facets")?;
    let first = begun.elapsed();
    let mut table =
        "| what is asked | median ms | p99 ms | KiB | at most ms |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    let mut late = Vec::new();
    for (name, address, most) in ROUTES {
        let mut times = Vec::with_capacity(REQUESTS);
        let mut bytes = 0;
        for _ in 0..REQUESTS {
            let begun = Instant::now();
            bytes = server.ask(address)?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
        let (median, slow) = (at(0.5), at(0.99));
        if median > most {
            late.push(name);
        }
        let _ = writeln!(table, "| {name} | {median:.1} | {slow:.1} | {} | {most:.0} |", bytes / 1024);
    }
    let memory = server.peak_mib();
    let _ = writeln!(
        table,
        "\n{total} resources in 40 accounts, 400 networks, 60 teams; {REQUESTS} requests each, one after the other, over \
         HTTP on loopback, profile {profile}. The first answer after the start, for which the columns are read, came after \
         {:.1} s; peak memory of the server {memory:.0} MiB.{}{}",
        first.as_secs_f64(),
        made.map(|made| format!(" The estate was made in {:.0} s.", made.as_secs_f64())).unwrap_or_default(),
        if late.is_empty() { String::new() } else { format!(" Over the limit: {}.", late.join(", ")) },
    );
    Ok(table)
}

/// A running server; ended by its id when dropped.
struct Served {
    child: Child,
    address: String,
    token: String,
}

impl Served {
    fn start(program: &Path, data: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_REGION", "us-east-1")
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let line = lines.next().context("the server said nothing")??;
        let address = line.split("http://").nth(1).context("the server named no address")?.trim().to_owned();
        // It may say more, and must not wait for somebody to read it.
        std::thread::spawn(move || lines.count());
        let token = std::fs::read_to_string(data.join("api.token"))?.trim().to_owned();
        Ok(Self { child, address, token })
    }

    /// Asks, and gives the size of the answer.
    fn ask(&self, path: &str) -> Result<usize> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let path = path.replace("::", "%3A%3A");
        write!(
            stream,
            "GET /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.address, self.token
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        if !text.starts_with("HTTP/1.1 200") {
            let body: Option<Value> =
                text.split("\r\n\r\n").nth(1).and_then(|body| serde_json::from_str(body).ok());
            bail!("{path}: {} {body:?}", text.lines().next().unwrap_or_default());
        }
        Ok(answer.len())
    }

    /// The most memory that the server ever had, as Linux counts it.
    fn peak_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
