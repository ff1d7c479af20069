//! A small database of countries in MaxMind's format, version 2, made by the test:
//! <https://maxmind.github.io/MaxMind-DB/>.

use std::net::{IpAddr, Ipv6Addr};

/// A network with its country: prefix, two letters, Chinese and English name.
pub type Row = (&'static str, &'static str, &'static str, &'static str);

/// A node of the search tree: what each bit leads to.
#[derive(Clone, Copy)]
enum Next {
    Nothing,
    Node(usize),
    /// Offset in the data section.
    Data(usize),
}

/// The bytes of a database of this kind that holds these networks and no others.
pub fn database(kind: &str, rows: &[Row]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[Next::Nothing; 2]], Vec::new());
    for (network, letters, chinese, english) in rows {
        let offset = data.len();
        let names = map(&[("zh-CN", text(chinese)), ("en", text(english))]);
        data.extend(map(&[("country", map(&[("iso_code", text(letters)), ("names", names)]))]));
        insert(&mut nodes, network, offset);
    }
    let count = nodes.len();
    let mut bytes: Vec<u8> = nodes.iter().flatten().flat_map(|next| record(*next, count)).collect();
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    bytes.extend(map(&[
        ("node_count", number(6, &u32::try_from(count).unwrap().to_be_bytes())),
        ("record_size", number(5, &24_u16.to_be_bytes())),
        ("ip_version", number(5, &6_u16.to_be_bytes())),
        ("database_type", text(kind)),
        // An empty array: of the extended types, 7 + 4.
        ("languages", vec![0, 4]),
        ("binary_format_major_version", number(5, &2_u16.to_be_bytes())),
        ("binary_format_minor_version", vec![5 << 5]),
        ("build_epoch", [vec![8, 2], 1_767_225_600_u64.to_be_bytes().to_vec()].concat()),
        ("description", map(&[("en", text("countries of a test"))])),
    ]));
    bytes
}

/// The same with a whole head, and a tree whose root leads out of the file.
pub fn torn(database: &[u8]) -> Vec<u8> {
    [&[0xff; 6], &database[6..]].concat()
}

fn insert(nodes: &mut Vec<[Next; 2]>, network: &str, offset: usize) {
    let (address, length) = network.split_once('/').unwrap();
    let length: usize = length.parse().unwrap();
    let (bits, length) = match address.parse().unwrap() {
        // IPv4 lies at the beginning of the tree of IPv6.
        IpAddr::V4(address) => (Ipv6Addr::from(u128::from(u32::from(address))), length + 96),
        IpAddr::V6(address) => (address, length),
    };
    let bit = |place: usize| usize::from((u128::from(bits) >> (127 - place)) & 1 == 1);
    let mut at = 0;
    for place in 0..length - 1 {
        at = match nodes[at][bit(place)] {
            Next::Node(next) => next,
            Next::Nothing => {
                nodes.push([Next::Nothing; 2]);
                let next = nodes.len() - 1;
                nodes[at][bit(place)] = Next::Node(next);
                next
            }
            Next::Data(_) => panic!("{network} lies inside another"),
        };
    }
    nodes[at][bit(length - 1)] = Next::Data(offset);
}

/// 24 bits: a node, nothing, or a place in the data section.
fn record(next: Next, count: usize) -> [u8; 3] {
    let value = match next {
        Next::Node(node) => node,
        Next::Nothing => count,
        Next::Data(offset) => count + 16 + offset,
    };
    let [_, high, middle, low] = u32::try_from(value).unwrap().to_be_bytes();
    [high, middle, low]
}

fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    let head = if length < 29 { vec![(2 << 5) | length] } else { vec![(2 << 5) | 0x1d, length - 29] };
    [head, text.as_bytes().to_vec()].concat()
}

fn number(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![(kind << 5) | u8::try_from(bytes.len()).unwrap()], bytes.to_vec()].concat()
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pair = |(name, value): &(&str, Vec<u8>)| [text(name), value.clone()].concat();
    [vec![(7 << 5) | u8::try_from(pairs.len()).unwrap()], pairs.iter().flat_map(pair).collect()].concat()
}
