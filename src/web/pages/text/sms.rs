//! The texts of a login by text message.

use super::{Around, Text};

pub struct Sms {
    pub tab: Text,
    pub title: Text,
    pub phone: Text,
    pub phone_hint: Text,
    pub next: Text,
    pub change: Text,
    pub which: Text,
    pub which_hint: Text,
    pub row: Around,
    pub known: Text,
    pub other: Text,
    pub get_code: Text,
    pub sent: Around,
    pub code: Text,
    pub resend: Text,
    pub resend_after: Around,
}

pub const ZH_CN: Sms = Sms {
    tab: "短信登录",
    title: "短信登录",
    phone: "手机号",
    phone_hint: "中国大陆以外的号码请以 + 和国家代码开头。",
    next: "下一步",
    change: "更改",
    which: "选择要登录的账号",
    which_hint: "如果该手机号已注册，验证码将在几秒内送达。",
    row: Around { before: "ID 尾号 ", after: " 的账号" },
    known: "曾在此浏览器登录",
    other: "其他账号：验证后再选择",
    get_code: "获取验证码",
    sent: Around { before: "如果 ", after: " 已注册，验证码将在几秒内送达，5 分钟内有效。" },
    code: "验证码",
    resend: "重新发送",
    resend_after: Around { before: "", after: "后可重新发送。" },
};

pub const EN: Sms = Sms {
    tab: "SMS",
    title: "SMS sign-in",
    phone: "Phone number",
    phone_hint: "Start a number outside mainland China with + and its country code.",
    next: "Next",
    change: "Change",
    which: "Choose the account to sign in to",
    which_hint: "If the number is registered, a code arrives within seconds.",
    row: Around { before: "Account with an ID ending in ", after: "" },
    known: "Signed in on this browser before",
    other: "Another account: choose after the code",
    get_code: "Get code",
    sent: Around { before: "If ", after: " is registered, a code arrives within seconds. It is valid for 5 minutes." },
    code: "Code",
    resend: "Resend",
    resend_after: Around { before: "You can ask for another code in ", after: "." },
};
