//! The console's texts, once for each language.

use super::trouble::Trouble;
use crate::web::pages::Locale;

type Text = &'static str;

/// Every text of the console. A text that one language lacks does not compile.
pub struct Texts {
    pub brand: Text,
    pub role: Text,
    pub front_title: Text,
    pub front_lead: Text,
    pub sign_in: Text,
    pub signed_out: Text,
    pub people: Text,
    /// What stands before and after the password.
    pub people_lead: (Text, Text),
    pub disabled: Text,
    pub more: Text,
    pub force: (Text, Text),
    pub silent: (Text, Text),
    pub report: (Text, Text),
    pub api: (Text, Text),
    pub kinds: [Text; 3],
    pub welcome: Text,
    pub report_title: Text,
    pub report_lead: Text,
    pub acting: Text,
    pub owner: Text,
    pub billed: Text,
    pub whose: Whose,
    pub this_account: Text,
    pub call: Text,
    pub refresh: Text,
    pub sign_out: Text,
    pub leave_report: Text,
    pub back: Text,
    pub answer: Text,
    pub token: Text,
    pub expires: Text,
    pub refreshed: Text,
    pub never: Text,
    pub renewable: Text,
    pub yes: Text,
    pub no: Text,
    pub scopes: Text,
    pub assurance: Text,
    pub id_token: Text,
    pub id_token_lead: Text,
    pub userinfo: Text,
    pub userinfo_lead: Text,
    pub claim: Text,
    pub value: Text,
    pub try_again: Text,
    pub home: Text,
    pub code: Text,
    pub troubles: Troubles,
}

/// Who owns and who pays, in a sentence.
pub struct Whose {
    pub root: Text,
    pub sub_shared: Text,
    pub sub_independent: Text,
    pub iam: Text,
}

/// A heading and what to do, for each kind of trouble.
pub struct Troubles {
    not_asked: (Text, Text),
    other_issuer: (Text, Text),
    denied: (Text, Text),
    silent: (Text, Text),
    unavailable: (Text, Text),
    refused: (Text, Text),
    ended: (Text, Text),
    provider: (Text, Text),
    proof: (Text, Text),
}

impl Troubles {
    /// The words for `trouble`.
    pub fn of(&self, trouble: &Trouble) -> (Text, Text) {
        match trouble {
            Trouble::NotAsked => self.not_asked,
            Trouble::OtherIssuer => self.other_issuer,
            Trouble::Refused { error, .. } => match error.as_str() {
                "access_denied" => self.denied,
                "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
                    self.silent
                }
                "server_error" | "temporarily_unavailable" => self.unavailable,
                _ => self.refused,
            },
            Trouble::Ended => self.ended,
            Trouble::Provider => self.provider,
            Trouble::Proof => self.proof,
        }
    }
}

/// The texts of a language.
pub const fn of(locale: Locale) -> &'static Texts {
    match locale {
        Locale::ZhCn => &ZH_CN,
        Locale::En => &EN,
    }
}

static ZH_CN: Texts = Texts {
    brand: "云控制台",
    role: "示例依赖方",
    front_title: "登录到云控制台",
    front_lead: "这是一个示例应用。它自己不认识任何人，也不保存密码：您是谁，由门神告诉它。",
    sign_in: "登录",
    signed_out: "您已退出。",
    people: "演示用户",
    people_lead: ("点击任意一位即可登录，所有人的密码都是", "。子账号请在登录页上选择「子账号」。"),
    disabled: "已停用",
    more: "再试试",
    force: ("重新验证身份", "即使已经登录，也要求再次输入密码（prompt=login）"),
    silent: ("静默登录", "不显示任何页面；尚未登录时只得到一个错误（prompt=none）"),
    report: ("登录第三方应用「报表工具」", "它不属于本平台，因此门神会先征求您的同意"),
    api: ("示例 API", "用令牌调用的接口，以及一条可以复制的 curl 命令"),
    kinds: ["主账号", "子账号", "IAM 用户"],
    welcome: "已登录",
    report_title: "报表工具",
    report_lead: "这是一个第三方应用。它只能看到您同意的内容；您可以随时在门神的「已授权的应用」中撤销。",
    acting: "操作的账号",
    owner: "账号所有者",
    billed: "付费账号",
    whose: Whose {
        root: "主账号：拥有这个账号及其全部资源，费用由它承担。",
        sub_shared: "子账号：拥有自己的资源，归主账号所有，费用由主账号承担。",
        sub_independent: "独立计费的子账号：归主账号所有，费用由子账号自己承担。",
        iam: "IAM 用户：在账号内操作，自己不拥有资源，费用由账号承担。",
    },
    this_account: "本账号",
    call: "调用 API",
    refresh: "刷新令牌",
    sign_out: "退出",
    leave_report: "离开报表工具",
    back: "返回控制台",
    answer: "API 的回答",
    token: "访问令牌",
    expires: "到期时间",
    refreshed: "已刷新次数",
    never: "未说明",
    renewable: "可以刷新",
    yes: "是",
    no: "否",
    scopes: "授予的权限",
    assurance: "登录方式与可信等级",
    id_token: "ID 令牌",
    id_token_lead: "签名、签发者、受众、时间、nonce 与 at_hash 均已校验。",
    userinfo: "用户信息",
    userinfo_lead: "userinfo 端点的回答。",
    claim: "声明",
    value: "值",
    try_again: "重新登录",
    home: "返回首页",
    code: "错误代码",
    troubles: Troubles {
        not_asked: ("这次登录已经失效", "它可能已经用过、放置太久，或来自另一个浏览器。请重新登录。"),
        other_issuer: ("回答来自别处", "这个回答不是我们的门神发出的，因此没有采用。请重新登录。"),
        denied: ("您没有同意", "应用没有得到任何信息。如果改变主意，可以再试一次。"),
        silent: ("需要您亲自操作", "没有页面就无法完成登录：您可能尚未登录，或还需要确认。"),
        unavailable: ("门神暂时无法服务", "请稍等片刻再试。"),
        refused: ("登录没有成功", "门神拒绝了这次请求。"),
        ended: ("登录已经结束", "令牌不再有效，可能已在别处退出。请重新登录。"),
        provider: ("联系不上门神", "没有得到可用的回答。请确认它正在运行，然后再试。"),
        proof: ("无法确认您的身份", "收到的令牌没有通过校验，因此没有采用。请重新登录。"),
    },
};

static EN: Texts = Texts {
    brand: "Cloud console",
    role: "example relying party",
    front_title: "Sign in to the cloud console",
    front_lead: "This is an example application. It knows nobody and keeps no passwords: Menshen tells it who you are.",
    sign_in: "Sign in",
    signed_out: "You are signed out.",
    people: "Demo people",
    people_lead: (
        "Pick anybody to sign in as. Everybody's password is",
        ". Sub-accounts have a tab of their own on the sign-in page.",
    ),
    disabled: "disabled",
    more: "More to try",
    force: ("Prove it again", "Asks for the password even if you are signed in (prompt=login)"),
    silent: ("Sign in silently", "Shows no page at all; without a sign-in there is only an error (prompt=none)"),
    report: (
        "Sign in to a third-party tool",
        "It does not belong to the platform, so Menshen asks for your consent first",
    ),
    api: ("Example API", "Called with a token; its page has a curl line to copy"),
    kinds: ["Main account", "Sub-account", "IAM user"],
    welcome: "Signed in",
    report_title: "Report tool",
    report_lead: "A third-party application. It sees what you agreed to; you can revoke that any time under “Authorised apps” of Menshen.",
    acting: "Acting in",
    owner: "Owned by",
    billed: "Billed to",
    whose: Whose {
        root: "A main account: it owns itself and all its resources, and it pays.",
        sub_shared: "A sub-account: it has resources of its own and belongs to its main account, which pays.",
        sub_independent: "A sub-account that pays for itself; it belongs to its main account.",
        iam: "An IAM user: acts inside an account, owns nothing; the account pays.",
    },
    this_account: "this account",
    call: "Call the API",
    refresh: "Refresh",
    sign_out: "Sign out",
    leave_report: "Leave the report tool",
    back: "Back to the console",
    answer: "The API's answer",
    token: "Access token",
    expires: "Expires",
    refreshed: "Times refreshed",
    never: "not said",
    renewable: "Can be refreshed",
    yes: "yes",
    no: "no",
    scopes: "Granted scopes",
    assurance: "Method and assurance",
    id_token: "ID token",
    id_token_lead: "Signature, issuer, audience, times, nonce and at_hash are checked.",
    userinfo: "Userinfo",
    userinfo_lead: "What the userinfo endpoint answers.",
    claim: "Claim",
    value: "Value",
    try_again: "Sign in again",
    home: "To the front page",
    code: "Error code",
    troubles: Troubles {
        not_asked: (
            "This sign-in is no longer valid",
            "It was used already, took too long, or belongs to another browser. Please sign in again.",
        ),
        other_issuer: (
            "The answer came from elsewhere",
            "It was not given by our Menshen, so it was not used. Please sign in again.",
        ),
        denied: ("You did not agree", "The application received nothing. If you change your mind, just try again."),
        silent: (
            "You are needed",
            "This cannot be done without a page: you may not be signed in, or something is left to confirm.",
        ),
        unavailable: ("Menshen cannot answer right now", "Please try again in a moment."),
        refused: ("The sign-in did not succeed", "Menshen refused the request."),
        ended: (
            "The sign-in has ended",
            "The token is no longer good; perhaps you signed out elsewhere. Please sign in again.",
        ),
        provider: (
            "Menshen cannot be reached",
            "There was no usable answer. Please check that it is running and try again.",
        ),
        proof: (
            "We could not make sure who you are",
            "The token we received did not pass its checks, so it was not used. Please sign in again.",
        ),
    },
};
