//! What short messages say, in both languages.
//!
//! A Chinese text stays within one message (70 UTF-16 units); the line for
//! origin-bound autofill is left out when it does not fit any more.

use crate::domain::{CodePurpose, Language};

/// Units of one message in UCS-2.
const ONE_MESSAGE: usize = 70;

/// Who speaks, and where a code belongs to.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Name of the product in Chinese.
    pub name_zh: String,
    /// The same in English.
    pub name_en: String,
    /// The host whose pages take the codes.
    pub host: String,
}

impl Sender {
    /// The whole text of a code, for gateways that take free text.
    #[must_use]
    pub fn code(&self, language: Language, purpose: CodePurpose, code: &str, minutes: u64) -> String {
        let text = match language {
            Language::Chinese => {
                let (name, purpose) = (&self.name_zh, in_chinese(purpose));
                format!("【{name}】验证码 {code}，{minutes} 分钟内有效，{purpose}。请勿告知他人。")
            }
            Language::English => {
                let (name, purpose) = (&self.name_en, in_english(purpose));
                format!("{name}: {code} is your code to {purpose}. Valid for {minutes} min. Do not share it.")
            }
        };
        // WICG origin-bound one-time codes: the last line names the one site that takes it.
        let bound = format!("{text}\n@{} #{code}", self.host);
        let fits = language == Language::English || bound.encode_utf16().count() <= ONE_MESSAGE;
        if fits { bound } else { text }
    }
}

const fn in_chinese(purpose: CodePurpose) -> &'static str {
    match purpose {
        CodePurpose::Login => "用于登录",
        CodePurpose::Bind => "用于绑定登录方式",
        CodePurpose::SignUp => "用于注册账号",
        CodePurpose::Reset => "用于重置密码",
    }
}

const fn in_english(purpose: CodePurpose) -> &'static str {
    match purpose {
        CodePurpose::Login => "sign in",
        CodePurpose::Bind => "link a sign-in method",
        CodePurpose::SignUp => "create an account",
        CodePurpose::Reset => "reset your password",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(host: &str) -> Sender {
        Sender { name_zh: "云平台".into(), name_en: "Cloud".into(), host: host.into() }
    }

    #[test]
    fn a_chinese_text_is_one_message_and_ends_with_where_its_code_belongs() {
        for &purpose in CodePurpose::ALL {
            let text = sender("id.example.cloud").code(Language::Chinese, purpose, "123456", 5);
            assert!(text.encode_utf16().count() <= ONE_MESSAGE, "{text}");
            assert!(text.starts_with("【云平台】验证码 123456，5 分钟内有效，用于"), "{text}");
            assert!(text.ends_with("\n@id.example.cloud #123456"), "{text}");
        }
        let long = sender("sign-in.of-a-very-long-company-name.example.cloud");
        let text = long.code(Language::Chinese, CodePurpose::Login, "123456", 5);
        assert!(text.encode_utf16().count() <= ONE_MESSAGE && !text.contains('@'), "{text}");
    }

    #[test]
    fn an_english_text_says_what_the_code_is_for() {
        let text = sender("id.example").code(Language::English, CodePurpose::Reset, "123456", 5);
        assert_eq!(
            text,
            "Cloud: 123456 is your code to reset your password. Valid for 5 min. Do not share it.\n@id.example #123456"
        );
    }
}
