//! Reading a mail as a mail program does: the subject, and the plain text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Headers with their lines unfolded, and what follows them.
fn split(raw: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = unfolded.lines().filter_map(|line| line.split_once(':'));
    (headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect(), body)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    headers.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value.as_str())
}

/// The subject, decoded (RFC 2047).
pub fn subject(raw: &str) -> String {
    let (headers, _) = split(raw);
    let value = header(&headers, "subject");
    // Blanks between encoded words are not part of the text.
    let mut text = String::new();
    let mut after_word = false;
    for part in value.split(' ') {
        let decoded = encoded_word(part);
        let joined = after_word && decoded.is_some();
        if !(joined || text.is_empty()) {
            text.push(' ');
        }
        after_word = decoded.is_some();
        text.push_str(decoded.as_deref().unwrap_or(part));
    }
    text
}

/// `=?utf-8?b?…?=` or `=?utf-8?q?…?=`.
fn encoded_word(word: &str) -> Option<String> {
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (_charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = match encoding.to_lowercase().as_str() {
        "b" => STANDARD.decode(text).ok()?,
        "q" => quoted_printable(&text.replace('_', " ")),
        _ => return None,
    };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The plain text of a mail, whichever part it stands in.
pub fn plain_text(raw: &str) -> String {
    part_text(raw, 0).unwrap_or_default()
}

/// Parts within parts, but not without end.
const DEEPEST: u8 = 5;

fn part_text(raw: &str, depth: u8) -> Option<String> {
    let (headers, body) = split(raw);
    let kind = header(&headers, "content-type");
    if kind.to_lowercase().starts_with("multipart/") && depth < DEEPEST {
        let boundary = kind.split("boundary=").nth(1)?.trim_matches(['"', ' ']).split('"').next()?;
        let parts: Vec<_> = body.split(&format!("--{boundary}")).skip(1).collect();
        return parts.into_iter().find_map(|part| part_text(part.strip_prefix("\r\n")?, depth.saturating_add(1)));
    }
    if !kind.is_empty() && !kind.to_lowercase().starts_with("text/plain") {
        return None;
    }
    let bytes = match header(&headers, "content-transfer-encoding").to_lowercase().as_str() {
        "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?,
        "quoted-printable" => quoted_printable(body),
        _ => body.as_bytes().to_vec(),
    };
    Some(String::from_utf8_lossy(&bytes).trim_end().replace("\r\n", "\n"))
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "").replace("=\n", "");
    let mut decoded = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = (*first == b'=').then(|| after.get(..2)).flatten().and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            decoded.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_in_two_forms_is_read_in_its_plain_one() {
        let raw = "Subject: =?utf-8?b?6aqM6K+B56CB?= =?utf-8?b?6YCa55+l?= now\r\nContent-Type: multipart/alternative;\r\n boundary=\"abc\"\r\n\r\n--abc\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9=AA=8C 123456 and a long =\r\nline\r\n--abc\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--abc--\r\n";
        assert_eq!(subject(raw), "验证码通知 now");
        assert_eq!(plain_text(raw), "验 123456 and a long line");
    }

    #[test]
    fn a_plain_mail_and_one_in_base64_are_read() {
        assert_eq!(plain_text("Subject: a b\r\n\r\nhello\r\nworld\r\n"), "hello\nworld");
        assert_eq!(
            plain_text("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n5L2g\r\n5aW9\r\n"),
            "你好"
        );
        assert_eq!(subject("Subject: a b\r\n\r\n"), "a b");
    }
}
