//! The texts of a new account and of codes, in both languages.

use super::{Around, Text};

/// A new account.
pub struct SignUp {
    pub title: Text,
    pub lead: Text,
    pub phone: Text,
    pub phone_hint: Text,
    pub next: Text,
    pub other_phone: Text,
    pub have_account: Text,
    pub known: Around,
    pub known_one: Text,
    pub known_of: Around,
    pub choose: Text,
    pub another: Text,
    pub full: Around,
    pub registering: Around,
    pub submit: Text,
}

/// A one-time code.
pub struct Code {
    pub label: Text,
    pub sent_to: Around,
    pub advice: Text,
    pub resend: Text,
    pub next: Text,
}

/// A forgotten password.
pub struct Reset {
    pub title: Text,
    pub lead: Text,
    pub username: Text,
    pub iam_hint: Text,
    pub sent_to: Around,
    pub other: Text,
    pub ends: Text,
    pub submit: Text,
    pub done_title: Text,
    pub done: Text,
    pub back: Text,
}

pub const SIGN_UP_ZH: SignUp = SignUp {
    title: "注册账号",
    lead: "使用手机号注册主账号。",
    phone: "手机号",
    phone_hint: "中国大陆手机号可直接输入；其他地区请以 + 和国家代码开头。",
    next: "获取验证码",
    other_phone: "换一个手机号",
    have_account: "已有账号？",
    known: Around { before: "该手机号已有 ", after: " 个账号" },
    known_one: "该手机号已有 1 个账号",
    known_of: Around {
        before: "", after: " 已通过验证。您可以登录已有账号，也可以继续注册新账号。"
    },
    choose: "登录已有账号",
    another: "继续注册新账号",
    full: Around {
        before: "一个手机号最多注册 ", after: " 个账号，因此不能再用它注册新账号。"
    },
    registering: Around { before: "正在用 ", after: " 注册新账号。" },
    submit: "注册",
};

pub const SIGN_UP_EN: SignUp = SignUp {
    title: "Create an account",
    lead: "Create a main account with your phone number.",
    phone: "Phone number",
    phone_hint: "Numbers of mainland China as they are; others begin with + and the country code.",
    next: "Get code",
    other_phone: "Use another number",
    have_account: "Have an account?",
    known: Around { before: "This number already has ", after: " accounts" },
    known_one: "This number already has an account",
    known_of: Around { before: "You have verified ", after: ". Sign in to an account it has, or create another." },
    choose: "Sign in to one of them",
    another: "Create another account",
    full: Around { before: "A number can have ", after: " accounts at most, so it cannot get another." },
    registering: Around { before: "Creating an account for ", after: "." },
    submit: "Create account",
};

pub const CODE_ZH: Code = Code {
    label: "验证码",
    sent_to: Around { before: "验证码已发送至 ", after: "，5 分钟内有效。" },
    advice: "没有收到？请在一分钟后重新获取。请勿将验证码告诉他人。",
    resend: "重新发送",
    next: "下一步",
};

pub const CODE_EN: Code = Code {
    label: "Verification code",
    sent_to: Around { before: "We sent a code to ", after: ". It works for 5 minutes." },
    advice: "Nothing arrived? Ask again after a minute. Never tell anybody the code.",
    resend: "Send again",
    next: "Next",
};

pub const RESET_ZH: Reset = Reset {
    title: "重置密码",
    lead: "我们会向您已验证的手机号或邮箱发送验证码。",
    username: "手机号、邮箱或用户名@账号别名",
    iam_hint: "没有绑定手机号或邮箱的 IAM 用户，请联系管理员重置密码。",
    sent_to: Around {
        before: "如果 ", after: " 可用于重置密码，验证码将在几秒内送达，5 分钟内有效。"
    },
    other: "换一个账号",
    ends: "保存后，该账号在所有设备上的会话都会退出。",
    submit: "保存新密码",
    done_title: "密码已重置",
    done: "该账号的其他会话已全部退出。请用新密码登录。",
    back: "返回登录",
};

pub const RESET_EN: Reset = Reset {
    title: "Reset your password",
    lead: "We send a code to a phone number or email that you have verified.",
    username: "Phone, email or user@alias",
    iam_hint: "IAM users without a phone or email: ask your administrator for a new password.",
    sent_to: Around {
        before: "If ",
        after: " can be used for a reset, a code arrives within seconds. It works for 5 minutes.",
    },
    other: "Use another account",
    ends: "Saving it ends the sessions of this account on all devices.",
    submit: "Save the new password",
    done_title: "Password reset",
    done: "Every other session of the account was ended. Use the new password from now on.",
    back: "Back to the sign-in page",
};
