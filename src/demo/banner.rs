//! What `menshen demo` prints: addresses, people, clients.

use std::fmt::Write as _;

use super::addresses::Addresses;
use super::data::{self, DemoPerson, PASSWORD, PEOPLE};
use crate::domain::PrincipalKind;

/// How each way of signing in is tried. Codes and letters arrive on the phone page.
const WAYS: [(&str, &str); 7] = [
    ("password", "e-mail or phone; a phone with two accounts lets you choose"),
    ("SMS", "phone, account, code; a number that nobody has gets no code, and the same pages"),
    ("WeChat", "小红 is bound to Globex; 小明 is new: bind him by a phone number and its code"),
    ("others", "Alipay 阿明 阿红, Taobao 淘小明 淘小红, company account 李明 Zhang Hong: each binds first"),
    ("phone's app", "on the phone page: one tap, or the app of WeChat, Alipay or Taobao"),
    ("no account", "\"Create one\" on the sign-in page: any new number"),
    ("no password", "\"Forgot password?\": the code comes by message or mail"),
];

/// The text, without the line "ready" that follows it.
#[must_use]
pub fn text(addresses: &Addresses, metrics: Option<&str>, data: &str) -> String {
    let mut text = String::from("Menshen demo\n\n");
    let services = [
        ("provider", Some(addresses.issuer.as_str())),
        ("vendors' simulator, phone page", Some(addresses.simulator.as_str())),
        ("console (example relying party)", Some(addresses.console.as_str())),
        ("example API", Some(addresses.api.as_str())),
        ("metrics", metrics),
        ("data", Some(data)),
    ];
    for (name, address) in services {
        if let Some(address) = address {
            line(&mut text, &[(name, 34), (address, 0)]);
        }
    }
    let _ = writeln!(text, "\nDemo people (password of all: {PASSWORD})");
    for person in &PEOPLE {
        line(
            &mut text,
            &[(kind(person), 14), (person.login, 22), (person.phone.unwrap_or(""), 17), (person.remark, 0)],
        );
    }
    text.push_str("\nWays to sign in (codes, mail and QR codes: the phone page)\n");
    for (way, how) in WAYS {
        line(&mut text, &[(way, 14), (how, 0)]);
    }
    text.push_str("\nDemo clients\n");
    for (id, secret) in [
        (data::CONSOLE, data::CONSOLE_SECRET),
        (data::REPORT, data::REPORT_SECRET),
        (data::BILLING_API, data::BILLING_API_SECRET),
        (data::CLI_TOOL, "(public)"),
        (data::PHONE_APP, "(public)"),
    ] {
        line(&mut text, &[(id, 14), (secret, 0)]);
    }
    let _ = write!(text, "\nOpen {} and sign in. Ctrl-C ends the demo.", addresses.console);
    text
}

const fn kind(person: &DemoPerson) -> &'static str {
    match person.kind {
        PrincipalKind::Root => "main account",
        PrincipalKind::SubAccount => "sub-account",
        PrincipalKind::IamUser => "IAM user",
    }
}

/// Cells padded to their widths; an empty cell at the end leaves no blanks.
fn line(text: &mut String, cells: &[(&str, usize)]) {
    let padded = cells.iter().fold(String::from("  "), |mut padded, (cell, width)| {
        let _ = write!(padded, "{cell:<width$}");
        padded
    });
    let _ = writeln!(text, "{}", padded.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_a_visitor_needs_is_said_in_columns() {
        let addresses = Addresses::from_port_base(8080).unwrap();
        let text = text(&addresses, None, "/tmp/x");
        assert!(text.contains("  console (example relying party)   http://localhost:8082\n"), "{text}");
        assert!(text.contains("  vendors' simulator, phone page    http://localhost:8081\n"), "{text}");
        assert!(text.contains("  main account  ops@acme.example      +8613800000001   alias acme\n"), "{text}");
        assert!(text.contains("  IAM user      alice@acme                             in Acme\n"), "{text}");
        assert!(text.contains("  WeChat        小红 is bound to Globex;"), "{text}");
        assert!(text.contains(PASSWORD));
        assert!(text.lines().all(|line| line == line.trim_end()));
    }
}
