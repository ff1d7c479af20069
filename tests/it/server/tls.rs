//! TLS from files, and the protocol that is spoken in it.

use std::io::{Read, Write};
use std::sync::Arc;

use super::{TestServer, exchange, status};

#[test]
fn tls_is_spoken_from_files_and_makes_the_browser_stay_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (chain_file, key_file) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    std::fs::write(&chain_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let server = TestServer::start(&format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nissuer = \"https://localhost:8443\"\nworkers = 1\n\
         tls_certificate = {chain_file:?}\ntls_key = {key_file:?}"
    ));
    let client = |protocol: &str| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let client = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        rustls::StreamOwned::new(client, server.connect())
    };
    let request = "GET /hello HTTP/1.1\r\nHost: localhost:8443\r\nConnection: close\r\n\r\n";
    let answer = exchange(client("http/1.1"), request);
    assert!(status(&answer) == "200" && answer.contains("strict-transport-security: max-age=63072000"), "{answer}");
    let mut h2 = client("h2");
    h2.conn.complete_io(&mut h2.sock).unwrap();
    assert_eq!(h2.conn.alpn_protocol(), Some(b"h2".as_slice()));
    // WB-06: what frames a message in HTTP/1.1 has no place in HTTP/2 (RFC 9113 §8.2.2).
    assert_eq!(asked_by_h2(client("h2"), &[]), HEADERS, "an honest request");
    for header in [("transfer-encoding", "chunked"), ("connection", "keep-alive")] {
        assert_eq!(asked_by_h2(client("h2"), &[header]), RESET, "{header:?}");
    }
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;

/// One frame of HTTP/2 on the first stream, or on the connection.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A header as HPACK writes it that is in no table.
fn literal(name: &[u8], value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    [name, &[length], value.as_bytes()].concat()
}

/// Asks for `/hello` with these headers more; the kind of the first frame that
/// answers on the request's stream, or the one that ends the connection.
fn asked_by_h2(mut server: impl Read + Write, more: &[(&str, &str)]) -> u8 {
    let mut head = vec![0x82, 0x87];
    head.extend(literal(&[0x04], "/hello"));
    head.extend(literal(&[0x01], "localhost:8443"));
    for (name, value) in more {
        let name = [&[0, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
        head.extend(literal(&name, value));
    }
    let (settings, end_of_stream_and_headers) = (frame(4, 0, 0, &[]), 0x5);
    let request = frame(HEADERS, end_of_stream_and_headers, 1, &head);
    server.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", settings.as_slice(), &request].concat()).unwrap();
    server.flush().unwrap();
    loop {
        let mut begin = [0; 9];
        server.read_exact(&mut begin).unwrap();
        let length = usize::from(begin[1]) * 256 + usize::from(begin[2]);
        let mut payload = vec![0; length];
        server.read_exact(&mut payload).unwrap();
        let (kind, stream) = (begin[3], begin[8]);
        if stream == 1 {
            return kind;
        }
        assert_ne!(kind, 7, "the server ends the connection: {payload:?}");
    }
}
