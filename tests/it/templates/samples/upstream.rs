//! The pages of logins at vendors.

use menshen::authn::Provider;
use menshen::web::pages::{
    BindAsk, BindPage, Entry, EntryState, Field, OneTapPage, PageError, UpstreamPage, UpstreamProblem,
};

use super::{Maker, Sample, sample};

const PROBLEMS: [UpstreamProblem; 7] = [
    UpstreamProblem::Cancelled,
    UpstreamProblem::Expired,
    UpstreamProblem::Unavailable,
    UpstreamProblem::Conflict,
    UpstreamProblem::Taken,
    UpstreamProblem::HasAnother,
    UpstreamProblem::BindExpired,
];

impl Maker<'_> {
    pub(super) fn upstream(&self) -> Vec<Sample> {
        let mut samples = self.leaving_for_vendors();
        samples.extend(self.in_the_app());
        samples.extend(self.binding());
        samples
    }

    fn in_the_app(&self) -> Vec<Sample> {
        let page = |error, sms_href: Option<&str>| OneTapPage {
            chrome: self.chrome(),
            form: self.form("", error),
            methods: self.methods(0),
            sms_href: sms_href.map(str::to_owned),
        };
        let sms = Some("/login/sms?interaction=ix");
        let failed = |problem| Some(PageError::Upstream(problem, Provider::Carrier));
        vec![
            sample("one_tap", &page(None, sms)),
            sample("one_tap.alone", &page(None, None)),
            sample("one_tap.expired", &page(failed(UpstreamProblem::Expired), sms)),
            sample("one_tap.unavailable", &page(failed(UpstreamProblem::Unavailable), sms)),
        ]
    }

    fn leaving_for_vendors(&self) -> Vec<Sample> {
        let page = |provider, error, link: Option<&str>| UpstreamPage {
            chrome: self.chrome(),
            form: self.form("", error),
            methods: self.methods(0),
            provider,
            label: None,
            link: link.map(str::to_owned),
            panel: None,
            again_href: "/login/wechat?interaction=ix".into(),
            tiles: Vec::new(),
            tiles_action: "/accounts".into(),
            again: None,
        };
        let away = Some("https://vendor.example/authorize?state=00");
        let panel = UpstreamPage {
            panel: Some("https://open.weixin.qq.com/connect/qrconnect?state=00".into()),
            ..page(Provider::WeChat, None, away)
        };
        let corp = UpstreamPage { label: Some(self.w("企业账号", "Corp")), ..page(Provider::Oidc, None, away) };
        let again = UpstreamPage { again: Some(self.root()), ..page(Provider::Alipay, None, away) };
        let mut samples = vec![
            sample("upstream", &panel),
            sample("upstream.tiles", &UpstreamPage { tiles: self.entries(), ..page(Provider::Alipay, None, away) }),
            sample("upstream.again", &again),
            sample("upstream.redirect", &page(Provider::Alipay, None, away)),
            sample("upstream.oidc", &corp),
            sample("upstream.elsewhere", &page(Provider::WeChat, None, None)),
        ];
        for provider in [Provider::WeChat, Provider::Alipay, Provider::Taobao, Provider::Oidc] {
            for problem in PROBLEMS {
                let error = Some(PageError::Upstream(problem, provider));
                samples.push(sample(&format!("upstream.{problem:?}.{provider:?}"), &page(provider, error, None)));
            }
        }
        samples
    }

    fn binding(&self) -> Vec<Sample> {
        let page = |ask, error| BindPage {
            chrome: self.chrome(),
            form: self.form("/login/bind", error),
            provider: Provider::WeChat,
            name: Some(self.w("小明", "Ming")),
            ask,
            cancel_href: "/login/wechat?interaction=ix".into(),
            bindings_href: "/me/bindings".into(),
        };
        let entry = Entry { handle: self.same("bh_1"), person: self.root(), state: EntryState::Active };
        let phone = |typed: &str| BindAsk::Phone { typed: typed.to_owned() };
        let code = || BindAsk::Code { to: self.same("138****0001") };
        let nobody = |sign_up: Option<&str>| BindAsk::Nobody {
            phone: self.same("138****0001"),
            sign_up_href: sign_up.map(str::to_owned),
        };
        vec![
            sample("bind", &page(phone(""), None)),
            sample("bind.phone_required", &page(phone("x"), Some(PageError::PhoneRequired))),
            sample("bind.code", &page(code(), None)),
            sample("bind.bad_code", &page(code(), Some(PageError::BadCode))),
            sample("bind.no_code", &page(code(), Some(PageError::Missing(Field::Code)))),
            sample("bind.accounts", &page(BindAsk::Accounts(vec![entry]), None)),
            sample("bind.nobody", &page(nobody(None), None)),
            sample("bind.sign_up", &page(nobody(Some("/signup?interaction=ix")), None)),
            sample(
                "bind.none_free",
                &page(BindAsk::NoneFree, Some(PageError::Upstream(UpstreamProblem::HasAnother, Provider::WeChat))),
            ),
        ]
    }
}
