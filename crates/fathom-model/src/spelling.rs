//! Names like the one that was meant, for messages about one that is not there.

/// Most names in a hint.
const NEAR_MAX: usize = 3;
/// Longer names are not compared.
const NAME_BYTES_MAX: usize = 128;

/// The names most like one that does not exist, nearest first: a few letters off, or one inside the other.
pub fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    if name.len() > NAME_BYTES_MAX {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let stem = name.strip_suffix('s').unwrap_or(&name);
    let far = (name.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|candidate| {
            let distance = distance(&name, &candidate.to_lowercase());
            let inside = stem.len() >= 3 && candidate.contains(stem);
            (distance <= far || inside).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(NEAR_MAX).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names_are_few_and_alike() {
        let names = ["resources", "edges", "aws_s3_bucket", "aws_s3_access_point", "aws_ec2_instance"];
        assert_eq!(nearest("resorces", names), ["resources"]);
        assert_eq!(nearest("egdes", names), ["edges"]);
        assert_eq!(nearest("buckets", names), ["aws_s3_bucket"]);
        assert_eq!(nearest("Instance", names), ["aws_ec2_instance"]);
        assert_eq!(nearest("zzz", names), [""; 0]);
    }

    #[test]
    fn a_slip_of_a_few_letters_is_forgiven() {
        let names = ["eu-west-1", "us-east-1", "ap-southeast-2"];
        assert_eq!(nearest("us-esat-1", names), ["us-east-1"]);
        assert_eq!(nearest(&"u".repeat(NAME_BYTES_MAX + 1), names), [""; 0], "too long to be one");
    }
}
