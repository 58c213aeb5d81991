//! Our values against boto3's, from the same moto.

use std::process::Command;

use fathom_testkit::moto::python;

/// Runs the peers' Python and returns what it printed. None where it is missing.
pub(crate) fn run_python(args: &[&str]) -> Option<String> {
    let output = Command::new(python()?)
        .args(args)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
