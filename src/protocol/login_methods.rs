//! The names of login methods, as a client's registration and an owner's policy
//! narrow them.

/// Every login method by the name of its section in the configuration. `oidc`
/// stands for all upstream `OpenID` providers, `oidc.<name>` for one of them.
pub const NAMES: [&str; 9] =
    ["password", "sms", "sub_account", "iam_user", "wechat", "alipay", "taobao", "oidc", "one_tap"];

/// The method of IAM users, by which nobody else signs in.
const OF_IAM_USERS: &str = "iam_user";
/// Upstream `OpenID` providers together, and what the name of one begins with.
const OIDC: (&str, &str) = ("oidc", "oidc.");

/// Whether a login method can be called so.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |name: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        !name.is_empty() && name.bytes().all(fits)
    };
    NAMES.contains(&text) || text.strip_prefix(OIDC.1).is_some_and(plain)
}

/// Whether a main account's root could sign in where only these are allowed.
#[must_use]
pub fn leave_roots_a_way(names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| name != OF_IAM_USERS)
}

/// Which login methods may be used: all that there are, or those that every list
/// names. An empty list narrows nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LoginMethods(Vec<Vec<String>>);

impl LoginMethods {
    /// Those of this list alone.
    #[must_use]
    pub fn of(names: &[String]) -> Self {
        Self::default().and(names)
    }

    /// Those that this list names as well.
    #[must_use]
    pub fn and(mut self, names: &[String]) -> Self {
        if !names.is_empty() {
            self.0.push(names.to_vec());
        }
        self
    }

    /// Whether `method` is one of them.
    #[must_use]
    pub fn allow(&self, method: &str) -> bool {
        let names = |name: &String| name == method || (name == OIDC.0 && method.starts_with(OIDC.1));
        self.0.iter().all(|list| list.iter().any(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn every_list_narrows_and_an_empty_one_does_not() {
        let all = LoginMethods::default().and(&[]);
        assert!(all.allow("password") && all.allow("oidc.corp"));
        let both = LoginMethods::of(&list(&["sms", "wechat", "oidc"])).and(&list(&["sms", "oidc.corp"]));
        assert!(both.allow("sms") && both.allow("oidc.corp"));
        for other in ["wechat", "password", "oidc.else", "oidc"] {
            assert!(!both.allow(other), "{other}");
        }
        assert!(!LoginMethods::of(&list(&["sms"])).and(&list(&["password"])).allow("sms"), "none is left");
    }

    #[test]
    fn a_name_is_of_the_list_or_of_one_provider() {
        for good in NAMES.into_iter().chain(["oidc.corp", "oidc.a-b_2"]) {
            assert!(is_name(good), "{good}");
        }
        for wrong in ["", "oidc.", "oidc.Corp", "oidc.a.b", "SMS", "qq"] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_list_that_only_iam_users_can_use_leaves_roots_no_way() {
        assert!(leave_roots_a_way(&[]) && leave_roots_a_way(&list(&["iam_user", "sms"])));
        assert!(!leave_roots_a_way(&list(&["iam_user"])));
    }
}
