//! A front for benchmarks by hand: `fathom-front --scale 1000000`.

use std::{io::Read as _, process::ExitCode};

use fathom_testkit::front::{Front, FrontOptions, Scale};

const USAGE: &str = "usage: fathom-front [--moto URL] [--scale TOTAL] [--regions NAME,NAME] [--accounts N] \
                     [--latency-ms N] [--limited] [--answers DIR] [--placebo DIR] [--written] [--port PORT]\n\
                     Listens on 127.0.0.1 until its standard input ends, then prints the calls as a line of JSON.";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let mut options = FrontOptions { calls_max: 0, ..FrontOptions::default() };
    let mut regions = Vec::new();
    while let Some(name) = args.next() {
        if name == "--written" {
            options.answers.merge(Front::answers_moto_lacks());
            continue;
        }
        if name == "--limited" {
            options.limited = true;
            continue;
        }
        let value = args.next().ok_or_else(|| format!("`{name}` needs a value"))?;
        let number = || value.parse().map_err(|_| format!("`{value}` is not a number"));
        match name.as_str() {
            "--moto" => options.moto = Some(value),
            "--scale" => options.scale = Some(Scale::of_total(number()?)),
            "--regions" => regions = value.split(',').map(str::to_owned).collect(),
            "--port" => options.port = u16::try_from(number()?).map_err(|error| error.to_string())?,
            "--latency-ms" => options.latency = std::time::Duration::from_millis(number()?),
            "--accounts" => options.accounts = u32::try_from(number()?).map_err(|error| error.to_string())?,
            "--answers" => options.answers.merge(Front::answers_from(&value).map_err(chain)?),
            "--placebo" => options.answers.merge(Front::answers_from_placebo(&value).map_err(chain)?),
            _ => return Err(format!("`{name}` is not known")),
        }
    }
    if let (Some(scale), false) = (&mut options.scale, regions.is_empty()) {
        scale.regions = regions;
    }
    let front = Front::start(options);
    println!("{}", front.url);
    let mut rest = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut rest);
    println!(
        "{{\"calls\": {}, \"distinct\": {}, \"throttled\": {}}}",
        front.calls_total(),
        front.calls_distinct(),
        front.calls_throttled()
    );
    Ok(())
}

fn chain(error: impl std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
