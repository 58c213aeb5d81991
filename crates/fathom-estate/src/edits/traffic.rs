//! What traffic a rule of a security group is about, in the words of the network: `tcp 443`, `udp 1000-2000`, `icmp type 8 code 0`,
//! `protocol 50`, `all traffic`.

/// Protocol, first and last port as the EC2 API has them: of ICMP type and code, of other protocols none.
pub(super) type Traffic = (String, Option<i64>, Option<i64>);

/// Reads the words.
pub(super) fn read(words: &[&str]) -> Result<Traffic, String> {
    let all = words.join(" ").to_ascii_lowercase();
    let words: Vec<&str> = all.split_whitespace().collect();
    let wrong = || {
        format!(
            "`{all}` is no traffic; write it as `tcp 443`, `udp 1000-2000`, `icmp type 8 code 0`, `protocol 50` or `all traffic`"
        )
    };
    let number = |word: &str, last: i64| {
        word.parse::<i64>().ok().filter(|number| (0..=last).contains(number)).ok_or_else(wrong)
    };
    match words.as_slice() {
        ["all" | "any"] | ["all" | "any", "traffic"] => Ok(("-1".to_owned(), None, None)),
        [protocol @ ("tcp" | "udp")] => Ok(((*protocol).to_owned(), Some(0), Some(65535))),
        [protocol @ ("tcp" | "udp"), ports] => {
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            let (first, last) = (number(first, 65535)?, number(last, 65535)?);
            if first > last {
                return Err(format!("the ports {first}-{last} end before they begin"));
            }
            Ok(((*protocol).to_owned(), Some(first), Some(last)))
        }
        [protocol @ ("icmp" | "icmpv6")] => Ok(((*protocol).to_owned(), Some(-1), Some(-1))),
        [protocol @ ("icmp" | "icmpv6"), "type", kind] => {
            Ok(((*protocol).to_owned(), Some(number(kind, 255)?), Some(-1)))
        }
        [protocol @ ("icmp" | "icmpv6"), "type", kind, "code", code] => {
            Ok(((*protocol).to_owned(), Some(number(kind, 255)?), Some(number(code, 255)?)))
        }
        ["protocol", protocol] => Ok((number(protocol, 255)?.to_string(), None, None)),
        _ => Err(wrong()),
    }
}
