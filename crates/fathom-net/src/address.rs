//! Ranges of addresses, of both families.

use std::{fmt, net::IpAddr, str::FromStr};

/// A range of addresses as `10.0.0.0/8` or `2001:db8::/32`. Bits behind the length count as zero, as AWS takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    is_v6: bool,
    first: u128,
    length: u8,
}

/// An address as a number, with its family first so that the families do not mix in an order.
pub fn number(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u128::from(u32::from(address))),
        IpAddr::V6(address) => (true, u128::from(address)),
    }
}

/// The address of a number; numbers beyond the family's are cut.
pub fn address(is_v6: bool, number: u128) -> IpAddr {
    if is_v6 { IpAddr::V6(number.into()) } else { IpAddr::V4((number as u32).into()) }
}

const fn bits(is_v6: bool) -> u8 {
    if is_v6 { 128 } else { 32 }
}

/// The bits of an address behind so many.
const fn rest(is_v6: bool, length: u8) -> u128 {
    let free = bits(is_v6).saturating_sub(length) as u32;
    if free >= u128::BITS { u128::MAX } else { (1 << free) - 1 }
}

impl Cidr {
    /// The range of an address and so many leading bits; none where the family has not that many.
    pub fn new(at: IpAddr, length: u8) -> Option<Self> {
        let (is_v6, value) = number(at);
        (length <= bits(is_v6)).then(|| Self { is_v6, first: value & !rest(is_v6, length), length })
    }

    /// One address.
    pub fn host(at: IpAddr) -> Self {
        let (is_v6, first) = number(at);
        Self { is_v6, first, length: bits(is_v6) }
    }

    /// Whether an address is in it. Families never mix.
    pub fn contains(&self, at: IpAddr) -> bool {
        let (is_v6, value) = number(at);
        is_v6 == self.is_v6 && value & !rest(is_v6, self.length) == self.first
    }

    /// Whether all of another range is in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.length <= other.length && self.contains(other.first())
    }

    /// How many leading bits are fixed: the longer, the more specific.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether it is of IPv6.
    pub fn is_v6(&self) -> bool {
        self.is_v6
    }

    /// The first address.
    pub fn first(&self) -> IpAddr {
        address(self.is_v6, self.first)
    }

    /// The last address.
    pub fn last(&self) -> IpAddr {
        address(self.is_v6, self.first | rest(self.is_v6, self.length))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first(), self.length)
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no range of addresses such as 10.0.0.0/8");
        let (at, length) = text.trim().split_once('/').ok_or_else(wrong)?;
        let at: IpAddr = at.parse().map_err(|_| wrong())?;
        Self::new(at, length.parse().map_err(|_| wrong())?).ok_or_else(wrong)
    }
}

/// Addresses that no internet gateway forwards: private (RFC 1918), shared (RFC 6598), local to link or host, multicast.
const NOT_PUBLIC: [(u32, u8); 8] = [
    (0x0000_0000, 8),
    (0x0a00_0000, 8),
    (0x6440_0000, 10),
    (0x7f00_0000, 8),
    (0xa9fe_0000, 16),
    (0xac10_0000, 12),
    (0xc0a8_0000, 16),
    (0xe000_0000, 3),
];

/// The ranges of IPv4 that are not of the internet.
pub fn not_public() -> impl Iterator<Item = Cidr> {
    NOT_PUBLIC.iter().map(|&(first, length)| Cidr { is_v6: false, first: u128::from(first), length })
}

/// All of IPv6 that is of the internet: global unicast, 2000::/3 (RFC 4291).
pub fn global_v6() -> Cidr {
    Cidr { is_v6: true, first: 0x2 << 124, length: 3 }
}

/// Whether an address can be one of the internet.
pub fn is_public(at: IpAddr) -> bool {
    match at {
        IpAddr::V4(_) => !not_public().any(|range| range.contains(at)),
        IpAddr::V6(_) => global_v6().contains(at),
    }
}

/// Neighbouring addresses, first to last, that rules do not tell apart.
pub type Span = (IpAddr, IpAddr);

/// The public addresses of a family in parts that none of the ranges divides.
pub fn public_parts(is_v6: bool, ranges: impl IntoIterator<Item = Cidr>) -> Vec<Span> {
    let whole = if is_v6 { global_v6() } else { Cidr { is_v6: false, first: 0, length: 0 } };
    let (first, last) = (number(whole.first()).1, number(whole.last()).1);
    let mut cuts: Vec<u128> = vec![first];
    for range in ranges.into_iter().chain(not_public()).filter(|range| range.is_v6 == is_v6) {
        cuts.push(range.first);
        cuts.extend(number(range.last()).1.checked_add(1));
    }
    cuts.retain(|cut| (first..=last).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let ends = cuts.iter().skip(1).map(|cut| cut - 1).chain([last]);
    let parts = cuts.iter().zip(ends).map(|(from, to)| (address(is_v6, *from), address(is_v6, to)));
    parts.filter(|(from, _)| is_public(*from)).collect()
}

/// The parts as few ranges as can be, for people: `1.0.0.0/8` or `1.0.0.0-1.0.0.9`.
pub fn told(parts: &[Span]) -> Vec<String> {
    let mut joined: Vec<(bool, u128, u128)> = Vec::new();
    for (first, last) in parts {
        let ((is_v6, first), (_, last)) = (number(*first), number(*last));
        match joined.last_mut() {
            Some((family, _, end)) if *family == is_v6 && end.checked_add(1) == Some(first) => *end = last,
            _ => joined.push((is_v6, first, last)),
        }
    }
    joined
        .into_iter()
        .map(|(is_v6, first, last)| {
            let size = last - first;
            let length = bits(is_v6) - (u128::BITS - size.leading_zeros()) as u8;
            let cidr = Cidr { is_v6, first, length };
            let is_one = rest(is_v6, length) == size && first & rest(is_v6, length) == 0;
            if is_one {
                cidr.to_string()
            } else {
                format!("{}-{}", cidr.first_of(first), cidr.first_of(last))
            }
        })
        .collect()
}

impl Cidr {
    fn first_of(&self, value: u128) -> IpAddr {
        address(self.is_v6, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().expect(text)
    }

    #[test]
    fn ranges_contain_their_own_family() {
        assert!(cidr("10.0.0.0/8").contains("10.255.0.1".parse().expect("an address")));
        assert!(!cidr("0.0.0.0/0").contains("::1".parse().expect("an address")));
        assert!(cidr("::/0").contains("2001:db8::1".parse().expect("an address")));
        assert_eq!(cidr("10.1.2.3/16").to_string(), "10.1.0.0/16");
        assert!("10.0.0.0/33".parse::<Cidr>().is_err() && "10.0.0/8".parse::<Cidr>().is_err());
    }

    #[test]
    fn parts_of_the_internet_leave_out_what_is_private() {
        let parts = public_parts(false, [cidr("8.8.8.0/24"), cidr("10.1.0.0/16")]);
        assert!(parts.iter().all(|(first, last)| is_public(*first) && is_public(*last)));
        let eights = ("8.8.8.0".parse().expect("an address"), "8.8.8.255".parse().expect("an address"));
        assert!(parts.contains(&eights));
        let size: u128 = parts.iter().map(|(a, b)| number(*b).1 - number(*a).1 + 1).sum();
        // All but 3 x /8, a /10, a /12, two /16 and a /3.
        assert_eq!(size, (1 << 32) - 3 * (1 << 24) - (1 << 22) - (1 << 20) - 2 * (1 << 16) - (1 << 29));
        assert_eq!(told(&public_parts(true, [])), ["2000::/3"]);
        assert_eq!(told(&[eights]), ["8.8.8.0/24"]);
    }
}
