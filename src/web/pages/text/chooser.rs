//! The texts of the pages on which accounts are chosen and kept.

use super::{Around, Text};

/// The chooser, the accounts of a browser, and what goes wrong between them.
pub struct Chooser {
    pub title: Text,
    pub lead_for: Around,
    pub lead: Text,
    pub accounts: Text,
    pub iam_users: Text,
    pub used: Around,
    pub used_now: Text,
    pub hours: Around,
    pub days: Around,
    pub remove: Text,
    pub remove_of: Around,
    pub sign_out_of: Around,
    pub cancel: Text,
    pub full_title: Text,
    pub full_lead: Around,
    pub mismatch_title: Text,
    pub mismatch_for: Around,
    pub mismatch: Text,
    pub mismatch_back: Text,
    pub mismatch_other: Text,
}

pub const EN: Chooser = Chooser {
    title: "Choose an account",
    lead_for: Around { before: "to continue to ", after: "" },
    lead: "to continue",
    accounts: "Accounts",
    iam_users: "IAM users",
    used: Around { before: "Last used ", after: " ago" },
    used_now: "Used just now",
    hours: Around { before: "", after: " h" },
    days: Around { before: "", after: " d" },
    remove: "Remove",
    remove_of: Around { before: "Remove ", after: " from this list" },
    sign_out_of: Around { before: "Sign out ", after: "" },
    cancel: "Cancel",
    full_title: "This browser is full",
    full_lead: Around {
        before: "This browser already holds 20 accounts. Remove one from the list to add ",
        after: ".",
    },
    mismatch_title: "This is another account",
    mismatch_for: Around { before: "You signed in, but ", after: " asked for a different account than this one:" },
    mismatch: "You signed in, but a different account was asked for than this one:",
    mismatch_back: "Go back without it",
    mismatch_other: "Sign in with the right account",
};

pub const ZH_CN: Chooser = Chooser {
    title: "选择账号",
    lead_for: Around { before: "以继续使用「", after: "」" },
    lead: "以继续",
    accounts: "账号",
    iam_users: "IAM 用户",
    used: Around { before: "上次使用：", after: "前" },
    used_now: "刚刚使用",
    hours: Around { before: "", after: " 小时" },
    days: Around { before: "", after: " 天" },
    remove: "移除",
    remove_of: Around { before: "从列表移除 ", after: "" },
    sign_out_of: Around { before: "退出 ", after: "" },
    cancel: "取消",
    full_title: "此浏览器的账号已满",
    full_lead: Around {
        before: "此浏览器已有 20 个账号。请先移除一个，再添加「", after: "」。"
    },
    mismatch_title: "这是另一个账号",
    mismatch_for: Around { before: "您已登录，但「", after: "」要求的不是这个账号：" },
    mismatch: "您已登录，但要求的不是这个账号：",
    mismatch_back: "不使用并返回",
    mismatch_other: "登录正确的账号",
};
