//! Reports of scanners and lists of what is exploited, taken in from files and told by urgency.
//!
//! The forms are those of SARIF 2.1.0, CycloneDX 1.5, CISA's catalogue and FIRST's list. The sample has a server with CVE-2024-23897 that
//! the internet may reach and one with CVE-2023-4911 that it does not; both are in CISA's catalogue.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::harness::{Place, shared};

const JENKINS: &str = "CVE-2024-23897";
const LIBC: &str = "CVE-2023-4911";

/// Class and exploitation of a weakness of a server, by its name.
fn of(place: &Place, server: &str, id: &str) -> Vec<(u64, String)> {
    let told = place.run(&["--json", "vulnerabilities"]).ok().json();
    let rows = told["rows"].as_array().expect("rows");
    let mine = rows.iter().filter(|row| row["id"] == id && row["thing"]["name"] == server);
    mine.map(|row| {
        let word = row["exploitation"].as_str().expect("a word").to_owned();
        (row["class"].as_u64().expect("a class"), word)
    })
    .collect()
}

fn kev(ids: &[&str]) -> String {
    let rows: Vec<Value> = ids
        .iter()
        .map(|id| {
            json!({"cveID": id, "vendorProject": "v", "product": "p", "vulnerabilityName": "n", "dateAdded": "2024-08-19",
                "shortDescription": "d", "requiredAction": "a", "dueDate": "2024-09-09", "knownRansomwareCampaignUse": "Unknown",
                "notes": "", "cwes": []})
        })
        .collect();
    json!({"title": "t", "catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T10:00:00.0000Z", "count": rows.len(),
        "vulnerabilities": rows})
    .to_string()
}

#[test]
fn lists_of_what_is_exploited_change_the_order_at_once() {
    let place = Place::with_sample();
    assert_eq!(of(&place, "jenkins-old", JENKINS), [(2, "likely".to_owned())], "Inspector knows an exploit");
    assert_eq!(of(&place, "payments-2", LIBC), [(4, "likely".to_owned())]);
    place.write("kev.json", kev(&[JENKINS]));
    let told = place.run(&["import", "kev", "kev.json"]).ok().out;
    assert!(told.contains("2026.11.01"), "{told}");
    assert_eq!(
        of(&place, "jenkins-old", JENKINS),
        [(1, "known".to_owned())],
        "known and reached under a condition"
    );
    assert_eq!(of(&place, "payments-2", LIBC), [(4, "likely".to_owned())]);
    let told = place.run(&["--json", "vulnerabilities", "--kev"]).ok().json().to_string();
    assert!(told.contains(JENKINS) && !told.contains(LIBC), "{told}");

    let scores = format!(
        "#model_version:v2025.03.14,score_date:2026-11-01T12:55:00Z\ncve,epss,percentile\n{LIBC},0.62,0.98\n{JENKINS},0.94,0.99\n"
    );
    place.write("epss.csv", &scores);
    place.run(&["import", "epss", "epss.csv"]).ok();
    let epss = place.rows(&format!("select distinct epss from vulnerabilities where id = '{LIBC}'"));
    assert_eq!(epss, [json!({"epss": 0.62})]);

    // What is broken is named, and the list that was there stays.
    place.write("broken.json", "{\"vulnerabilities\": [");
    assert!(place.run(&["import", "kev", "broken.json"]).code(1).seen().contains("broken.json"));
    assert_eq!(of(&place, "jenkins-old", JENKINS), [(1, "known".to_owned())]);
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn reports_of_scanners_are_tied_to_what_they_are_about() {
    let place = Place::with_sample();
    let server = place.texts("select uid from aws_ec2_instance where name = 'payments-1'").swap_remove(0);
    let (first, second) = ("CVE-2021-44228", "CVE-2022-22965");
    let sarif = json!({"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{
        "tool": {"driver": {"name": "scanner", "rules": [
            {"id": first, "shortDescription": {"text": "log4j"}, "properties": {"security-severity": "10.0"}}]}},
        "results": [{"ruleId": first, "ruleIndex": 0, "level": "error",
            "message": {"text": "Package: log4j-core\nInstalled Version: 2.14.1\nFixed Version: 2.17.1"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "app.jar"}}}]}]}]});
    place.write("scan.sarif", sarif.to_string());
    place.run(&["import", "sarif", "scan.sarif", "--about", &server]).ok();
    let bom = |analysis: Value| {
        json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "metadata": {"tools": [{"vendor": "v", "name": "lister"}], "component": {"type": "application", "name": "app", "bom-ref": "app"}},
            "components": [{"type": "library", "name": "spring-beans", "version": "5.3.0", "bom-ref": "spring",
                "purl": "pkg:maven/org.springframework/spring-beans@5.3.0"}],
            "vulnerabilities": [{"id": second, "ratings": [{"score": 9.8, "severity": "critical", "method": "CVSSv31",
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "source": {"name": "NVD"}}],
                "affects": [{"ref": "spring"}], "analysis": analysis}]})
    };
    place.write("bom.json", bom(json!({"state": "exploitable"})).to_string());
    place.run(&["import", "cyclonedx", "bom.json", "--about", &server]).ok();
    let rows = place.rows("select id, resource from vulnerabilities where id in ('CVE-2021-44228', 'CVE-2022-22965') order by id");
    assert_eq!(rows, [json!({"id": first, "resource": server}), json!({"id": second, "resource": server})]);

    // A verdict takes it out of the list, and is told with who says so.
    place.write(
        "vex.json",
        bom(json!({"state": "not_affected", "justification": "code_not_reachable"})).to_string(),
    );
    place.run(&["import", "cyclonedx", "vex.json", "--about", &server]).ok();
    assert_eq!(of(&place, "payments-1", second), []);
    assert!(place.run(&["vulnerabilities", "--judged"]).ok().out.contains(second));
    assert_eq!(of(&place, "payments-1", first).len(), 1);

    place.write("notes.sarif", "[]");
    assert!(place.run(&["import", "sarif", "notes.sarif"]).code(1).seen().contains("notes.sarif"));
    place
        .run(&["import", "sarif", "scan.sarif", "--about", "nobody-of-this-name"])
        .code(1)
        .says(&["nobody-of-this-name"]);
}

#[test]
fn the_real_catalogue_is_read_whole() {
    let Some(archive) = shared("intel/kev.tar.zst") else { return };
    let place = Place::with_sample();
    let made = Command::new("tar").args(["--zstd", "-xf"]).arg(&archive).arg("-C").arg(place.path()).status();
    assert!(made.is_ok_and(|status| status.success()), "tar takes it apart");
    let file = place.path().join("kev/known_exploited_vulnerabilities.json");
    let catalogue: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("the catalogue")).expect("JSON");
    let count = catalogue["vulnerabilities"].as_array().expect("rows").len();
    let told = place.run(&["--json", "import", "kev", &Path::new(&file).to_string_lossy()]).ok().json();
    assert_eq!(told["entries"], count, "{told}");
    assert_eq!(of(&place, "jenkins-old", JENKINS), [(1, "known".to_owned())]);
    // On what the internet does not reach it is two steps less urgent.
    assert_eq!(of(&place, "payments-2", LIBC), [(3, "known".to_owned())]);
}
