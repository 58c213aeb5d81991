//! Names of weaknesses.

/// The CVE that a text begins with, in its canonical form; none where it begins with none.
///
/// A CVE is `CVE-`, a year of four digits, and a number of four or more (CVE Record Format). What follows it, such as the package
/// that some tools add, is left out.
pub fn cve_of(text: &str) -> Option<String> {
    const NUMBER_MAX: usize = 19;
    let bytes = text.trim().as_bytes();
    let prefix = bytes.get(..4)?;
    if !prefix.eq_ignore_ascii_case(b"CVE-") || bytes.get(8) != Some(&b'-') {
        return None;
    }
    let year = bytes.get(4..8)?;
    let number: Vec<u8> = bytes.get(9..)?.iter().copied().take_while(u8::is_ascii_digit).collect();
    let after = bytes.get(9 + number.len());
    let ends = after.is_none_or(|next| !next.is_ascii_alphanumeric());
    if !year.iter().all(u8::is_ascii_digit) || !(4..=NUMBER_MAX).contains(&number.len()) || !ends {
        return None;
    }
    Some(format!("CVE-{}-{}", String::from_utf8_lossy(year), String::from_utf8_lossy(&number)))
}

/// The advisory of GitHub that a text begins with: `GHSA-` and three groups of four.
fn ghsa_of(text: &str) -> Option<String> {
    let head = text.trim().get(..19)?;
    let mut parts = head.split('-');
    let is_first = parts.next()?.eq_ignore_ascii_case("GHSA");
    let rest: Vec<&str> = parts.collect();
    let is_group = |part: &&str| part.len() == 4 && part.bytes().all(|one| one.is_ascii_alphanumeric());
    let after = text.trim().as_bytes().get(19);
    let ends = after.is_none_or(|next| !next.is_ascii_alphanumeric());
    (is_first && ends && rest.len() == 3 && rest.iter().all(is_group))
        .then(|| format!("GHSA-{}", rest.join("-").to_ascii_lowercase()))
}

/// The name by which several sources mean the same: a CVE, else an advisory, else the text as it is.
pub(crate) fn canonical(text: &str) -> String {
    cve_of(text).or_else(|| ghsa_of(text)).unwrap_or_else(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_out_of_what_tools_add() {
        let rows = [
            ("CVE-2021-44228", Some("CVE-2021-44228")),
            ("cve-2021-44228", Some("CVE-2021-44228")),
            ("CVE-2023-5363-libcrypto3", Some("CVE-2023-5363")),
            (" CVE-2014-0160 ", Some("CVE-2014-0160")),
            ("CVE-2014-016", None),
            ("CVE-20x4-0160", None),
            ("CVE-2014-0160x", None),
            ("XCVE-2014-0160", None),
            ("GHSA-jfh8-c2jp-5v3q", None),
            ("", None),
            ("CVE-ä014-0160", None),
        ];
        for (text, expected) in rows {
            assert_eq!(cve_of(text).as_deref(), expected, "{text}");
        }
        assert_eq!(canonical("GHSA-JFH8-c2jp-5v3q-log4j"), "GHSA-jfh8-c2jp-5v3q");
        assert_eq!(canonical("GHSA-jfh8-c2jp"), "GHSA-jfh8-c2jp");
        assert_eq!(canonical(" py/sql-injection "), "py/sql-injection");
    }
}
