//! What a developer runs: `cargo xtask <command>`.

mod bench;
mod beside;
mod catalogue;
mod demo;
mod journeys;
mod models;
mod mutate;
mod passed;
mod provider;
mod python;
mod sample;
mod test;
mod tidy;
mod tree;
mod ui;
mod workspace;

const HELP: &str = "\
cargo xtask <command>

  demo [--no-serve]   build Fathom, scan the sample organisation, show what was found, serve it
  test [arguments]    set up what the tests need and run all of them, the console's too; with arguments,
                      only `cargo test` with these; a suite that passed with the same program, files and settings
                      is not run again, unless FATHOM_TEST_EVERYTHING is set
  journeys [--built] [--states]
                      only walk through the console, in a browser, on the sample organisation;
                      --built takes what was built before, --states walks through every page in every state
  soak [minutes] [arguments]
                      run all tests again and again, property tests with new cases each time
  tidy [--fix]        check sizes, headers, the crate table; --fix renews generated files
  models [--botocore DIR]
                      trim the AWS service models anew from the botocore package
  mutate              break each row of the tables of authorisation, and say which break no test
  catalogue           trim the catalogue of AWS actions anew from the packages that it is made of
  sample              make the sample organisation anew and record how Fathom reads it
  ui                  build the console into ui/dist (needs Node.js), check its sizes; `cargo build` then embeds it
  bench [names]       measure: scan and checks (beside Prowler), organisation, large, estate, history,
                      ledger, console, access;
                      prints and keeps the table
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
        "journeys" => {
            let has = |flag: &str| rest.iter().any(|argument| argument == flag);
            journeys::alone(has("--built"), has("--states"))
        }
        "soak" => test::soak(rest),
        "tidy" => tidy::run(rest.iter().any(|argument| argument == "--fix")),
        "models" => models::run(),
        "mutate" => mutate::run(),
        "catalogue" => catalogue::run(),
        "sample" => sample::run(),
        "ui" if rest.iter().any(|argument| argument == "--checks") => ui::check(),
        "ui" => ui::run(),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => anyhow::bail!("unknown command `{other}`\n\n{HELP}"),
    }
}
