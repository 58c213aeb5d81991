//! KEV by CISA's schema and EPSS by FIRST's description of its file.

use std::{path::PathBuf, process::Command};

use fathom_weakness::{Epss, Kev};

#[test]
fn a_catalogue_is_read_and_broken_rows_are_named() {
    let text = r#"{"title": "x", "catalogVersion": "2026.01.02", "dateReleased": "2026-01-02T17:04:19.9796Z", "count": 4, "vulnerabilities": [
        {"cveID": "CVE-2021-44228", "vulnerabilityName": "Log4Shell", "dateAdded": "2021-12-10", "dueDate": "2021-12-24", "knownRansomwareCampaignUse": "Known"},
        {"cveID": "CVE-2020-0601", "vulnerabilityName": "CryptoAPI", "dateAdded": "2021-11-03", "knownRansomwareCampaignUse": "Unknown"},
        {"cveID": "log4j", "dateAdded": "2021-12-10"},
        {"cveID": "CVE-2020-0602"}]}"#;
    let kev = Kev::parse(text.as_bytes()).unwrap();
    assert_eq!(kev.version, "2026.01.02");
    assert_eq!(kev.released.unwrap().to_string(), "2026-01-02T17:04:19.9796Z");
    let rows: Vec<_> =
        kev.rows.iter().map(|row| (row.cve.as_str(), row.ransomware, row.due.as_deref())).collect();
    assert_eq!(rows, [("CVE-2020-0601", false, None), ("CVE-2021-44228", true, Some("2021-12-24"))]);
    let faults: Vec<&str> = kev.faults.iter().map(|fault| fault.place.as_str()).collect();
    assert_eq!(faults, ["vulnerabilities[2]", "vulnerabilities[3]"]);
}

#[test]
fn what_is_no_catalogue_says_so() {
    for (text, part) in [
        ("", "is no JSON"),
        ("[]", "`vulnerabilities` is missing"),
        (r#"{"vulnerabilities": []}"#, "`catalogVersion` is missing"),
        (r#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": 7}]}"#, "no row that can be read"),
    ] {
        let fault = Kev::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(part), "{text}: {fault}");
    }
}

#[test]
fn scores_are_read_with_the_model_and_the_day() {
    let text = "#model_version:v2025.03.14,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\n\
        CVE-2021-44228,0.94358,0.99957\nCVE-1999-0001,0.01025,0.76\nCVE-2020-1,0.5,0.5\nCVE-2020-0002,1.5,0.5\nCVE-2020-0003,0.5\n";
    let epss = Epss::parse(text.as_bytes()).unwrap();
    assert_eq!(epss.version, "v2025.03.14");
    assert_eq!(epss.released.unwrap().to_string(), "2026-01-02T00:00:00Z");
    let rows: Vec<_> = epss.rows.iter().map(|row| (row.cve.as_str(), row.score, row.percentile)).collect();
    assert_eq!(rows, [("CVE-1999-0001", 0.01025, 0.76), ("CVE-2021-44228", 0.94358, 0.99957)]);
    let faults: Vec<&str> = epss.faults.iter().map(|fault| fault.place.as_str()).collect();
    assert_eq!(faults, ["line 5", "line 6", "line 7"]);
}

#[test]
fn what_is_no_table_of_scores_says_so() {
    for (text, part) in [
        ("", "has no line `cve,epss,percentile`"),
        ("a,b,c\n", "line 1 is not `cve,epss,percentile`"),
        ("cve,epss,percentile\n", "no row that can be read"),
    ] {
        let fault = Epss::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(part), "{text}: {fault}");
    }
    assert!(Epss::parse(b"\xff\xfe").unwrap_err().to_string().contains("UTF-8"));
}

/// The catalogue as CISA published it on 25 August 2025, where it lies beside the repository.
#[test]
fn the_real_catalogue_is_read_whole() {
    let shared = match std::env::var_os("FATHOM_SHARED_DATA") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
    };
    let archive = shared.join("intel/kev.tar.zst");
    if !archive.is_file() {
        eprintln!("skipped: {} is not there", archive.display());
        return;
    }
    let unpacked = Command::new("tar")
        .args(["--use-compress-program=zstd -d", "-xOf"])
        .arg(&archive)
        .arg("kev/known_exploited_vulnerabilities.json")
        .output();
    let Some(unpacked) = unpacked.ok().filter(|output| output.status.success()) else {
        eprintln!("skipped: tar with zstd is not there");
        return;
    };
    let kev = Kev::parse(&unpacked.stdout).unwrap();
    assert_eq!((kev.rows.len(), kev.faults.len()), (1404, 0), "as many as it counts itself");
    assert_eq!(kev.version, "2025.08.25");
    let log4shell = kev.rows.iter().find(|row| row.cve == "CVE-2021-44228").unwrap();
    assert_eq!((log4shell.added.as_str(), log4shell.ransomware), ("2021-12-10", true));
}
