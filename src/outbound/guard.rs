//! Which addresses we may call: those of the public internet.
//!
//! A URL that a client registered must never make us knock on our own network
//! (server-side request forgery). Addresses are judged where the connection is
//! made: [`GuardedResolver`] resolves a name, refuses it whole if one of its
//! addresses is not public, and the connection goes to what was judged, so a
//! second answer of the name server changes nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::OutboundError;

/// Whom we may call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// Public addresses by https.
    Public,
    /// Any address by https, and loopback by plain http: simulators, tests.
    Private,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(high: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = high;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// IANA's special-purpose blocks that are not globally reachable, and multicast.
const DENIED_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10), // carrier-grade NAT; metadata services of some clouds
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16), // link-local; metadata services of most clouds
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24), // 6to4 relays
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// The one block that IANA gives out for global unicast…
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);
/// …and what inside it is special or carries an IPv4 address.
const DENIED_V6: &[Ipv6Net] = &[
    v6([0x2001, 0, 0, 0], 23), // protocol assignments, Teredo
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x2002, 0, 0, 0], 16), // 6to4
    v6([0x3fff, 0, 0, 0], 20),
];

/// Whether an address belongs to the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !DENIED_V4.iter().any(|block| block.contains(&address)),
        // IPv4 in IPv6 clothes is judged by no rule but this: none of it is global unicast.
        IpAddr::V6(address) => GLOBAL_V6.contains(&address) && !DENIED_V6.iter().any(|block| block.contains(&address)),
    }
}

/// Judges a URL before anything is resolved: scheme, user part, literal address.
///
/// # Errors
/// [`OutboundError::Url`] with the reason.
pub fn check_url(url: &Url, reach: Reach) -> Result<(), OutboundError> {
    let refuse = |reason| Err(OutboundError::Url(reason));
    let host = url.host().ok_or(OutboundError::Url("it has no host"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it carries a user name or password");
    }
    let literal = match host {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(_) => None,
    };
    match (url.scheme(), reach) {
        ("https", Reach::Private) => Ok(()),
        ("https", Reach::Public) if literal.is_none_or(is_public) => Ok(()),
        ("https", Reach::Public) => refuse("its address is not public"),
        ("http", Reach::Private) if is_loopback(&host) => Ok(()),
        _ => refuse("only https is called"),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        // RFC 6761 §6.3; the resolver below holds the machine to it.
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
    }
}

/// Resolves names by the system, and lets only judged addresses through.
#[derive(Debug)]
pub struct GuardedResolver(pub Reach);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            // Port 0: the connector puts in that of the URL.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let judged =
                judge(found, &host, reach).map_err(|reason| io::Error::new(io::ErrorKind::AddrNotAvailable, reason))?;
            let judged: Addrs = Box::new(judged.into_iter());
            Ok(judged)
        })
    }
}

/// All addresses of a name, or none: a name with one forbidden address is not
/// half trusted.
fn judge(found: Vec<SocketAddr>, host: &str, reach: Reach) -> Result<Vec<SocketAddr>, &'static str> {
    let local_name = is_loopback(&Host::Domain(host.trim_end_matches('.')));
    let allowed = |address: &SocketAddr| match reach {
        Reach::Public => is_public(address.ip()),
        Reach::Private => !local_name || address.ip().is_loopback(),
    };
    if found.is_empty() {
        return Err("the name has no address");
    }
    if found.iter().all(allowed) { Ok(found) } else { Err("the name has an address that is not public") }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("8.8.8.8", true)]
    #[case("1.1.1.1", true)]
    #[case("100.128.0.1", true)]
    #[case("172.32.0.1", true)]
    #[case("2606:4700::1111", true)]
    #[case("2a00:1450:4001:80b::200e", true)]
    #[case("0.0.0.0", false)]
    #[case("10.1.2.3", false)]
    #[case("100.100.100.200", false)] // Alibaba's metadata service
    #[case("127.0.0.1", false)]
    #[case("127.255.255.255", false)]
    #[case("169.254.169.254", false)]
    #[case("172.16.0.1", false)]
    #[case("172.31.255.255", false)]
    #[case("192.168.1.1", false)]
    #[case("192.0.0.192", false)] // Oracle's metadata service
    #[case("198.19.0.1", false)]
    #[case("224.0.0.1", false)]
    #[case("255.255.255.255", false)]
    #[case("::", false)]
    #[case("::1", false)]
    #[case("::ffff:7f00:1", false)]
    #[case("::ffff:8.8.8.8", false)]
    #[case("::7f00:1", false)]
    #[case("64:ff9b::7f00:1", false)]
    #[case("64:ff9b:1::1", false)]
    #[case("2002:7f00:1::", false)]
    #[case("2001::1", false)]
    #[case("2001:db8::1", false)]
    #[case("fc00::1", false)]
    #[case("fd00:ec2::254", false)] // Amazon's metadata service
    #[case("fe80::1", false)]
    #[case("fec0::1", false)]
    #[case("ff02::1", false)]
    fn only_the_public_internet_is_public(#[case] address: &str, #[case] public: bool) {
        assert_eq!(is_public(address.parse().unwrap()), public);
    }

    #[rstest]
    #[case("https://127.0.0.1/jwks")]
    #[case("https://10.0.0.1/")]
    #[case("https://169.254.169.254/latest/meta-data/")]
    #[case("https://[::1]/")]
    #[case("https://[::ffff:7f00:1]/")]
    #[case("https://[::ffff:127.0.0.1]/")]
    #[case("https://2130706433/")]
    #[case("https://0177.0.0.1/")]
    #[case("https://0x7f.1/")]
    #[case("https://127.1/")]
    #[case("https://0/")]
    #[case("https://127.0.0.1./")]
    #[case("https://１２７.0.0.1/")]
    #[case("http://client.example/jwks")]
    #[case("http://localhost/")]
    #[case("ftp://client.example/")]
    #[case("file:///etc/passwd")]
    #[case("gopher://client.example/")]
    #[case("data:application/json,{}")]
    #[case("https://user@client.example/")]
    #[case("https://user:word@client.example/")]
    fn dr_02_such_a_url_is_refused_before_anything_is_resolved(#[case] url: &str) {
        assert!(check_url(&Url::parse(url).unwrap(), Reach::Public).is_err());
    }

    #[rstest]
    #[case("https://client.example/jwks", Reach::Public, true)]
    #[case("https://client.example:8443/jwks?x=1", Reach::Public, true)]
    #[case("https://8.8.8.8/", Reach::Public, true)]
    #[case("https://10.0.0.1/", Reach::Private, true)]
    #[case("http://127.0.0.1:8081/", Reach::Private, true)]
    #[case("http://localhost:8081/", Reach::Private, true)]
    #[case("http://[::1]:8081/", Reach::Private, true)]
    #[case("http://10.0.0.1/", Reach::Private, false)]
    #[case("http://client.example/", Reach::Private, false)]
    #[case("http://localhost.example/", Reach::Private, false)]
    fn plain_http_reaches_loopback_alone(#[case] url: &str, #[case] reach: Reach, #[case] allowed: bool) {
        assert_eq!(check_url(&Url::parse(url).unwrap(), reach).is_ok(), allowed);
    }

    #[test]
    fn a_name_with_one_forbidden_address_is_refused_whole() {
        let socket = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let mixed = vec![socket("8.8.8.8"), socket("10.0.0.1")];
        assert!(judge(mixed.clone(), "client.example", Reach::Public).is_err());
        assert!(judge(mixed, "client.example", Reach::Private).is_ok());
        assert!(judge(vec![], "client.example", Reach::Public).is_err());
        assert!(judge(vec![socket("8.8.8.8")], "localhost", Reach::Private).is_err());
        assert!(judge(vec![socket("127.0.0.1")], "localhost.", Reach::Public).is_err());
    }
}
