//! What a developer runs: `cargo xtask <command>`.

mod bench;
mod demo;
mod models;
mod python;
mod sample;
mod test;
mod tidy;
mod workspace;

const HELP: &str = "\
cargo xtask <command>

  demo [--no-serve]   build Fathom, scan the sample organisation, show what was found, serve it
  test [arguments]    set up what the tests need and run all of them; arguments go to `cargo test`
  tidy [--fix]        check sizes, headers, the crate table; --fix renews generated files
  models [--botocore DIR]
                      trim the AWS service models anew from the botocore package
  sample              make the sample organisation anew and record how Fathom reads it
  bench [names]       measure: scan (beside Prowler), estate, ledger; prints and keeps the table
";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    match command {
        "demo" => demo::run(rest),
        "test" => test::run(rest),
        "tidy" => tidy::run(rest.iter().any(|argument| argument == "--fix")),
        "models" => models::run(),
        "sample" => sample::run(),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => anyhow::bail!("unknown command `{other}`\n\n{HELP}"),
    }
}
