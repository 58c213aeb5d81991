//! Questions in SQL from the command line: forms of answers, and what is refused.

use std::io::Write as _;

use crate::harness::{Place, sample, wait};

const QUESTION: &str = "select type, count(*) as n, bool_or(exposed) as open, max(name) as last \
                        from resources where type like 'AWS::IAM::%' group by type order by type";

#[test]
fn all_forms_of_an_answer_say_the_same() {
    let place = sample();
    let ask = |format: &str| place.run(&["sql", "--format", format, QUESTION]).ok().out;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ask("json")).expect("JSON");
    assert!(rows.len() > 5, "{rows:?}");
    let lines: Vec<serde_json::Value> =
        ask("ndjson").lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert_eq!(lines, rows);
    assert_eq!(place.run(&["sql", "--json", QUESTION]).ok().json(), serde_json::json!(rows));
    let cell = |value: &serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let csv = ask("csv");
    let mut csv = csv.lines();
    assert_eq!(csv.next(), Some("type,n,open,last"));
    let table = ask("table");
    for row in &rows {
        let cells = ["type", "n", "open", "last"].map(|column| cell(&row[column]));
        assert_eq!(csv.next(), Some(cells.join(",").as_str()));
        let is_in = |line: &str| cells.iter().all(|cell| line.contains(cell.as_str()));
        assert!(table.lines().any(is_in), "{cells:?} in\n{table}");
    }
}

#[test]
fn an_answer_goes_to_a_file_in_the_form_of_its_ending() {
    let place = Place::with_sample();
    let rows = place.number("select count(*) from resources");
    for ending in ["parquet", "csv", "json", "ndjson"] {
        let name = format!("answer.{ending}");
        let ran = place.run(&["sql", "-o", &name, "select uid, document from resources"]).ok();
        assert!(ran.out.contains(&format!("{rows} rows in {name}")), "{}", ran.out);
        let bytes = place.read(&name);
        match ending {
            // The format's own magic at both ends.
            "parquet" => assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1")),
            "ndjson" => assert_eq!(String::from_utf8(bytes).expect("text").lines().count() as u64, rows),
            _ => assert!(bytes.len() > 10_000),
        }
    }
    place.run(&["sql", "--format", "parquet", "select 1"]).code(1).says(&["--output"]);
    place.run(&["sql", "-o", "no/such/dir/x.csv", "select 1"]).code(1).says(&["no/such/dir/x.csv"]);
}

#[test]
fn a_question_may_come_from_standard_input() {
    for args in [&["sql", "-"][..], &["sql"]] {
        let mut command = sample().command(args);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"select 41 + 1 as answer\n").unwrap();
        let ran = wait(child).ok();
        assert!(ran.out.contains("answer") && ran.out.contains("42"), "{}", ran.out);
    }
    sample().run(&["sql", "-"]).code(1).says(&["the question is empty"]);
}

#[test]
fn a_mistake_is_told_once_with_its_place_and_a_way_out() {
    let cases = [
        ("selec 1", "line 1, column 1", "selec"),
        ("select uid,\n  nam from resources", "line 2, column 3", "did you mean `name`?"),
        ("select uid from resorces", "line 1, column 17", "did you mean `resources`?"),
        ("drop table resources", "line 1, column 1", "use SELECT"),
        ("create table x as select 1", "`CREATE` is refused", "use SELECT"),
        ("insert into resources values (1)", "`INSERT` is refused", "use SELECT"),
        ("copy resources to 'out.csv'", "`COPY` is refused", "use SELECT"),
        ("select 1; select 2", "", "one"),
    ];
    let place = Place::with_sample();
    for (sql, at, hint) in cases {
        let ran = place.run(&["sql", sql]).code(1).says(&["error: ", at, hint]);
        assert_eq!(ran.out, "", "{sql}");
        assert!(ran.err.matches("line 1, column").count() <= 1, "the place is said twice: {}", ran.err);
    }
    assert!(!place.path().join("out.csv").exists());
    // A file of this machine is not a table.
    place.write("secret.csv", "a\n1\n");
    place.run(&["sql", "select * from 'secret.csv'"]).code(1).says(&["no table"]);
}

#[test]
fn an_answer_that_was_cut_says_so() {
    let cut = sample().run(&["sql", "--limit", "3", "select uid from resources"]).ok();
    assert_eq!(cut.out.lines().filter(|line| line.contains("arn:")).count(), 3, "{}", cut.out);
    assert!(cut.err.contains("only the first 3 rows"), "{}", cut.err);
    let whole = sample().run(&["sql", "--limit", "3", "select 1"]).ok();
    assert_eq!(whole.err, "");
}

#[test]
fn every_table_and_view_can_be_read() {
    let tables =
        sample().texts("select table_name from information_schema.tables where table_schema = 'estate'");
    assert!(tables.iter().filter(|name| name.starts_with("aws_")).count() >= 90, "{tables:?}");
    for table in ["resources", "edges", "unknowns", "explanations", "coverage", "scans"] {
        assert!(tables.iter().any(|name| name == table), "{table}: {tables:?}");
        assert!(sample().number(&format!("select count(*) from {table}")) > 0, "{table}");
    }
    let mut sum = 0;
    // A question may have so many parts.
    for some in tables.chunks(80) {
        let all: Vec<String> =
            some.iter().map(|name| format!("(select count(*) as n from {name})")).collect();
        sum += sample().number(&format!("select sum(n) from ({})", all.join(" union all ")));
    }
    assert!(sum > 1000, "{sum}");
}
