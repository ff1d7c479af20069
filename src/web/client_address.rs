//! Who calls: the peer, or the client that a trusted proxy names.
//!
//! A header about the client is believed only when the peer is one of the
//! configured proxies, and only the one header that they are said to write;
//! one that cannot be read then is an error, never a guess.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::config::{ProxyHeader, Server};

/// Which proxies are believed, and in which header.
#[derive(Clone, Debug)]
pub struct ProxyTrust {
    networks: Vec<IpNet>,
    header: ProxyHeader,
}

/// A trusted proxy sent a header that does not name a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressError {
    /// The connection has no peer address (not a network socket).
    #[error("the connection has no peer address")]
    NoPeer,
    /// The proxy's header cannot be read.
    #[error("the proxy's header does not name a client address")]
    Unreadable,
}

impl ProxyTrust {
    /// As configured.
    #[must_use]
    pub fn new(server: &Server) -> Self {
        Self { networks: server.trusted_proxies.clone(), header: server.proxy_header }
    }

    /// The client's address.
    ///
    /// # Errors
    /// When the peer is a trusted proxy and its header cannot be read.
    pub fn client_address(&self, request: &HttpRequest) -> Result<IpAddr, AddressError> {
        let peer = request.peer_addr().ok_or(AddressError::NoPeer)?.ip().to_canonical();
        self.resolve(peer, request.headers())
    }

    fn resolve(&self, peer: IpAddr, headers: &HeaderMap) -> Result<IpAddr, AddressError> {
        if !self.trusts(peer) {
            return Ok(peer);
        }
        let (name, read): (HeaderName, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => (HeaderName::from_static("x-forwarded-for"), bare_address),
            ProxyHeader::Forwarded => (HeaderName::from_static("forwarded"), forwarded_for),
        };
        let mut lines = Vec::new();
        for line in headers.get_all(&name) {
            lines.push(line.to_str().map_err(|_not_ascii| AddressError::Unreadable)?);
        }
        // Each proxy appends whom it saw: from the right, the first that is not ours is the client.
        let mut nearest = peer;
        for element in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            nearest = read(element.trim()).ok_or(AddressError::Unreadable)?.to_canonical();
            if !self.trusts(nearest) {
                break;
            }
        }
        Ok(nearest)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn bare_address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    text.parse().ok().or_else(bracketed).or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

/// The `for` of one element (RFC 7239 §4); `unknown` and hidden names are no address.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut named = element.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    });
    let value = named.next()?;
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    // Two of them, or a quote inside, is somebody playing.
    let plain = quoted.unwrap_or(value);
    if named.next().is_some() || plain.contains(['"', '\\']) { None } else { bare_address(plain) }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    fn resolve(header: ProxyHeader, peer: &str, lines: &[(&str, &str)]) -> Result<String, AddressError> {
        let trust = ProxyTrust { networks: vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()], header };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        trust.resolve(peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    #[rstest]
    #[case::a_stranger_names_nobody("203.0.113.9", &["1.2.3.4"], "203.0.113.9")]
    #[case::a_proxy_names_its_client("10.0.0.1", &["1.2.3.4"], "1.2.3.4")]
    #[case::what_the_client_wrote_itself_is_ignored("10.0.0.1", &["6.6.6.6, garbage, 1.2.3.4"], "1.2.3.4")]
    #[case::a_chain_of_proxies("10.0.0.1", &["1.2.3.4, 10.0.0.3", "10.0.0.2"], "1.2.3.4")]
    #[case::a_proxy_that_names_nobody("10.0.0.1", &[], "10.0.0.1")]
    #[case::ports_and_brackets("::1", &["[2001:db8::1]:443"], "2001:db8::1")]
    #[case::a_mapped_address_is_the_same("10.0.0.1", &["::ffff:1.2.3.4"], "1.2.3.4")]
    fn x_forwarded_for(#[case] peer: &str, #[case] lines: &[&str], #[case] client: &str) {
        let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        assert_eq!(resolve(ProxyHeader::XForwardedFor, peer, &lines), Ok(client.to_owned()));
    }

    #[rstest]
    #[case("")]
    #[case("1.2.3.4,")]
    #[case("unknown")]
    #[case("1.2.3")]
    #[case("010.1.1.1")]
    #[case("1.2.3.4 5.6.7.8")]
    fn an_unreadable_header_of_a_proxy_is_an_error(#[case] line: &str) {
        let read = resolve(ProxyHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", line)]);
        assert_eq!(read, Err(AddressError::Unreadable));
    }

    #[rstest]
    #[case("for=1.2.3.4;proto=https", Ok("1.2.3.4"))]
    #[case(r#"for=6.6.6.6, For="[2001:db8::1]:99";by=10.0.0.1"#, Ok("2001:db8::1"))]
    #[case("for=unknown", Err(AddressError::Unreadable))]
    #[case("for=_hidden", Err(AddressError::Unreadable))]
    #[case("for=1.2.3.4;for=5.6.7.8", Err(AddressError::Unreadable))]
    #[case("proto=https", Err(AddressError::Unreadable))]
    fn forwarded(#[case] line: &str, #[case] client: Result<&str, AddressError>) {
        let read = resolve(ProxyHeader::Forwarded, "10.0.0.1", &[("forwarded", line)]);
        assert_eq!(read, client.map(str::to_owned));
    }

    #[test]
    fn the_header_that_the_proxies_do_not_write_is_ignored() {
        let lines = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.2.3.4")];
        assert_eq!(resolve(ProxyHeader::XForwardedFor, "10.0.0.1", &lines), Ok("1.2.3.4".to_owned()));
    }
}
