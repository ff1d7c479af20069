//! The texts of the page of bound identities, in both languages.

use super::{Around, Text};

/// What is bound to an account, and taking it away.
pub struct Bindings {
    pub title: Text,
    pub lead: Text,
    pub none: Text,
    pub since: Around,
    pub unbind: Text,
    pub unbind_of: Around,
    pub ends: Text,
    pub keeps: Text,
    pub proof_first: Text,
    pub last_way_in: Text,
    pub gone: Text,
    pub first: Text,
}

pub const EN: Bindings = Bindings {
    title: "Linked ways to sign in",
    lead: "Whoever has one of these accounts elsewhere can sign in to this account with it.",
    none: "No account elsewhere is linked to this one.",
    since: Around { before: "Linked on ", after: "" },
    unbind: "Unlink",
    unbind_of: Around { before: "Unlink ", after: "" },
    ends: "Unlinking signs out every place where this account was signed in with it, except this one.",
    keeps: "Apps that you let keep access while you are away keep it until you revoke them.",
    proof_first: "Before anything is unlinked, you will be asked to prove again that it is you.",
    last_way_in: "Nobody could sign in to this account without it. Link another way to sign in first, or ask your administrator for a password.",
    gone: "That one is not linked any more. These are linked now.",
    first: "To unlink the other one, sign in to the account and go to",
};

pub const ZH_CN: Bindings = Bindings {
    title: "已绑定的登录方式",
    lead: "拥有以下任一外部账号的人，都可以用它登录此账号。",
    none: "此账号没有绑定任何外部账号。",
    since: Around { before: "绑定于 ", after: "" },
    unbind: "解绑",
    unbind_of: Around { before: "解绑 ", after: "" },
    ends: "解绑后，除此处外，用它登录此账号的所有位置都会退出。",
    keeps: "您允许离线访问的应用仍可继续访问，直到您撤销授权。",
    proof_first: "解绑前，需要您再次验证身份。",
    last_way_in: "这是此账号唯一的登录方式，无法解绑。请先绑定其他登录方式，或联系管理员设置密码。",
    gone: "该登录方式已不再绑定。以下是当前绑定的登录方式。",
    first: "如需解绑原有身份，请登录该账号并前往",
};
