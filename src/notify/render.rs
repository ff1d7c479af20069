//! Letters in words: subject and text of a mail, text of a message. Made when a
//! letter is delivered, so the outbox holds no prose. Plain text alone, without
//! any link (hostile-cases LG-16).

use super::letter::{Content, Letter};
use super::notice::{Notice, Occasion};
use crate::domain::{CodePurpose, Language};

/// A letter in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendered {
    /// Subject of a mail.
    pub subject: String,
    /// Text of a mail, or of a message.
    pub text: String,
}

/// The mail that a letter becomes; `brand` is what the product is called.
/// `None` for a letter that says nothing.
#[must_use]
pub fn mail(letter: &Letter, brand: &str) -> Option<Rendered> {
    match &letter.content {
        Content::Code { purpose, code } => Some(code_mail(*purpose, code, letter.language, brand)),
        Content::Notice(notice) => Some(notice_mail(notice, letter.language, brand)),
        Content::Nothing => None,
    }
}

/// The message that a notice becomes, for gateways that take free text.
#[must_use]
pub fn notice_text(notice: &Notice, language: Language) -> String {
    let what = headline(&notice.occasion, language);
    match language {
        Language::Chinese => format!("{}：{what}。时间 {}。如非本人操作，请立即修改密码。", notice.name, notice.at),
        Language::English => {
            format!("{}: {what} at {}. If this was not you, change your password now.", notice.name, notice.at)
        }
    }
}

fn code_mail(purpose: CodePurpose, code: &str, language: Language, brand: &str) -> Rendered {
    let (chinese, english) = match purpose {
        CodePurpose::Login => ("登录", "sign in"),
        CodePurpose::Bind => ("绑定", "link an account"),
        CodePurpose::SignUp => ("注册", "create an account"),
        CodePurpose::Reset => ("重置密码", "reset your password"),
    };
    match language {
        Language::Chinese => Rendered {
            subject: format!("{brand}验证码"),
            text: format!(
                "您的验证码是 {code}，用于{chinese}，5 分钟内有效。\n\n请勿将验证码告诉任何人，我们的工作人员也不会向您索取。\n如果这不是您本人的操作，请忽略本邮件。\n\n{brand}\n"
            ),
        },
        Language::English => Rendered {
            subject: format!("Your {brand} code"),
            text: format!(
                "Your code to {english} is {code}. It works for 5 minutes.\n\nNever tell anybody the code; nobody of us will ask for it.\nIf you did not ask for it, ignore this message.\n\n{brand}\n"
            ),
        },
    }
}

fn notice_mail(notice: &Notice, language: Language, brand: &str) -> Rendered {
    let what = headline(&notice.occasion, language);
    let Notice { name, at, address, device, .. } = notice;
    match language {
        Language::Chinese => Rendered {
            subject: format!("{brand}安全提醒：{what}"),
            text: format!(
                "账号：{name}\n事件：{what}\n时间：{at}\n网络地址：{address}\n浏览器：{device}\n\n如果是您本人的操作，无需理会。\n如果不是，请立即自行打开登录页面，重置密码，并退出不认识的会话。\n本邮件不含任何链接。\n\n{brand}\n"
            ),
        },
        Language::English => Rendered {
            subject: format!("{brand} security notice: {what}"),
            text: format!(
                "Account: {name}\nEvent: {what}\nTime: {at}\nAddress: {address}\nBrowser: {device}\n\nIf this was you, there is nothing to do.\nIf not, open the sign-in page yourself, reset the password and sign out of sessions you do not know.\nThis message contains no link.\n\n{brand}\n"
            ),
        },
    }
}

/// What happened, in a few words.
pub(super) fn headline(occasion: &Occasion, language: Language) -> String {
    let (chinese, english) = match occasion {
        Occasion::NewBrowser { method } => {
            let (zh, en) = way_in(method);
            (format!("在新的浏览器中登录（{zh}）"), format!("sign-in from a new browser ({en})"))
        }
        Occasion::PasswordChanged => ("密码已修改".to_owned(), "the password was changed".to_owned()),
        Occasion::PasswordReset => {
            ("密码已重置，所有会话已退出".to_owned(), "the password was reset, and every session was ended".to_owned())
        }
        Occasion::BindingAdded { connector } => {
            let (zh, en) = way_in(connector);
            (format!("已绑定新的登录方式（{zh}）"), format!("a new way to sign in was linked ({en})"))
        }
        Occasion::BindingRemoved { connector } => {
            let (zh, en) = way_in(connector);
            (format!("已解绑登录方式（{zh}）"), format!("a way to sign in was unlinked ({en})"))
        }
        Occasion::BindingRefused { connector } => {
            let (zh, en) = way_in(connector);
            (
                format!("绑定另一登录方式（{zh}）的尝试已被拒绝"),
                format!("an attempt to link a way to sign in was refused ({en})"),
            )
        }
        Occasion::TheftSignal => (
            "登录状态可能被盗用，相关会话已退出".to_owned(),
            "a copied session was used, and its sign-ins were ended".to_owned(),
        ),
    };
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

/// A login method in the words of both languages.
fn way_in(method: &str) -> (&'static str, &'static str) {
    match method {
        "password" | "sub_account" | "iam_user" => ("密码", "password"),
        "sms" => ("短信验证码", "text message"),
        "one_tap" => ("本机号码", "the phone's own number"),
        "wechat" => ("微信", "WeChat"),
        "alipay" => ("支付宝", "Alipay"),
        "taobao" => ("淘宝", "Taobao"),
        _ => ("第三方账号", "another provider"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    fn notice(occasion: Occasion) -> Letter {
        let notice = Notice {
            occasion,
            name: "Acme".into(),
            at: Timestamp::from_seconds(1_772_323_200),
            address: "192.0.2.7".into(),
            device: "Chrome · Windows".into(),
        };
        letter(Content::Notice(notice), Language::English)
    }

    fn letter(content: Content, language: Language) -> Letter {
        Letter { to: "ops@acme.example".into(), language, until: Timestamp::from_seconds(9), content }
    }

    #[test]
    fn a_mail_says_what_happened_in_its_language_and_links_to_nothing() {
        let occasions = [
            Occasion::NewBrowser { method: "sms".into() },
            Occasion::PasswordChanged,
            Occasion::PasswordReset,
            Occasion::BindingAdded { connector: "wechat".into() },
            Occasion::BindingRemoved { connector: "wechat".into() },
            Occasion::BindingRefused { connector: "wechat".into() },
            Occasion::TheftSignal,
        ];
        for occasion in occasions {
            let english = mail(&notice(occasion.clone()), "Menshen").unwrap();
            assert!(english.text.contains("192.0.2.7") && english.subject.starts_with("Menshen security notice"));
            let chinese = mail(&Letter { language: Language::Chinese, ..notice(occasion) }, "门神").unwrap();
            assert!(chinese.subject.starts_with("门神安全提醒"));
            for text in [english.text, chinese.text] {
                assert!(!text.contains("://") && !text.contains("www."), "{text}");
            }
        }
    }

    #[test]
    fn a_code_stands_in_the_text_and_not_in_the_subject() {
        for purpose in CodePurpose::ALL {
            for &language in Language::ALL {
                let content = Content::Code { purpose: *purpose, code: "123456".into() };
                let rendered = mail(&letter(content, language), "Menshen").unwrap();
                assert!(rendered.text.contains("123456") && !rendered.subject.contains("123456"));
            }
        }
        assert_eq!(mail(&letter(Content::Nothing, Language::English), "Menshen"), None);
    }
}
