//! Masked forms of phone numbers and e-mail addresses, for pages.
//!
//! Enough for its owner to recognise, too little for a stranger to use.

/// `138****8000` for a mainland number in E.164, `+141****2671` for others:
/// the prefix and the last digits stay, at least four in between never do.
pub fn phone(number: &str) -> String {
    let number: String = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let local = number.strip_prefix("+86").filter(|rest| rest.len() == 11);
    let digits = local.unwrap_or(&number);
    let head = if digits.starts_with('+') { 4 } else { 3 };
    let tail = if digits.len() >= head + 4 + 4 { 4 } else { 2 };
    if digits.len() < head + tail + 4 {
        return "****".to_owned();
    }
    // Only ASCII is left, so bytes are characters.
    let (first, rest) = digits.split_at_checked(head).unwrap_or(("", ""));
    let (_, last) = rest.split_at_checked(rest.len().saturating_sub(tail)).unwrap_or(("", ""));
    format!("{first}****{last}")
}

/// `o***s@acme.cn`: first and last character of the name, and the domain. A
/// name of up to three characters shows its first alone.
pub fn email(address: &str) -> String {
    let (name, domain) = match address.rsplit_once('@') {
        Some((name, domain)) => (name, Some(domain)),
        None => (address, None),
    };
    let mut characters = name.chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    let last = characters.next_back().filter(|_| name.chars().nth(2).is_some()).map(String::from).unwrap_or_default();
    match domain {
        Some(domain) => format!("{first}***{last}@{domain}"),
        None => format!("{first}***"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+8613800138000", "138****8000")]
    #[case("13800138000", "138****8000")]
    #[case("+14155552671", "+141****2671")]
    #[case("+4930123456", "+493****56")]
    #[case("+49301234", "****")]
    #[case("", "****")]
    #[case("日本", "****")]
    fn a_phone_number_keeps_its_ends(#[case] number: &str, #[case] masked: &str) {
        assert_eq!(phone(number), masked);
    }

    #[rstest]
    #[case("ops@acme.cn", "o***s@acme.cn")]
    #[case("ab@acme.cn", "a***@acme.cn")]
    #[case("a@acme.cn", "a***@acme.cn")]
    #[case("@acme.cn", "***@acme.cn")]
    #[case("a@b@acme.cn", "a***b@acme.cn")]
    #[case("运维组@acme.cn", "运***组@acme.cn")]
    #[case("nobody", "n***")]
    #[case("", "***")]
    fn an_address_keeps_the_ends_of_its_name_and_its_domain(#[case] address: &str, #[case] masked: &str) {
        assert_eq!(email(address), masked);
    }

    proptest! {
        #[test]
        fn any_text_can_be_masked(text in "\\PC*") {
            phone(&text);
            email(&text);
        }

        #[test]
        fn at_least_four_digits_of_a_number_are_hidden(number in "\\+?[0-9]{0,15}") {
            let shown = phone(&number).chars().filter(char::is_ascii_digit).count();
            let held = number.chars().filter(char::is_ascii_digit).count();
            prop_assert!(shown == 0 || shown + 4 <= held);
        }

        #[test]
        fn the_middle_of_a_name_is_hidden(name in "[a-z]{3,20}") {
            let full = format!("{name}@acme.cn");
            let masked = email(&full);
            prop_assert_eq!(masked.len(), "a***b@acme.cn".len());
        }
    }
}
