//! Every page in its variants, filled with words of the caller's choice.

use menshen::base::Timestamp;
use menshen::domain::PrincipalKind;
use menshen::web::pages::{
    AccountsPage, Agreement, Agreements, AgreementsPage, AppsPage, ChooseAccountPage, Chrome, ConsentPage, Entry,
    EntryState, ErrorPage, Failing, Field, Form, FormPostPage, GrantedApp, IamAccount, IamNamePage, IamPasswordPage,
    Locale, LoginFace, LoginPage, LogoutPage, MethodLink, Page, PageError, PasswordChangePage, PasswordPolicy, Person,
    ReauthPage, Remember, ScopeLine, SignedOutPage, Trust, WebLink,
};

/// A rendered variant; its name begins with its template's.
pub struct Sample {
    pub name: String,
    pub html: String,
}

/// Renders all variants in one language. With `word`, everything that comes
/// from people or clients is that word.
pub fn all(locale: Locale, word: Option<&str>) -> Vec<Sample> {
    let maker = Maker { locale, word };
    let mut samples = Vec::new();
    for part in [maker.login(), maker.iam(), maker.proofs(), maker.consent(), maker.leaving(), maker.own(), maker.due()]
    {
        samples.extend(part);
    }
    samples.extend(maker.failures());
    samples
}

struct Maker<'a> {
    locale: Locale,
    word: Option<&'a str>,
}

impl Maker<'_> {
    fn w(&self, zh: &str, en: &str) -> String {
        let usual = if self.locale == Locale::ZhCn { zh } else { en };
        self.word.unwrap_or(usual).to_owned()
    }

    fn same(&self, text: &str) -> String {
        self.w(text, text)
    }

    fn chrome(&self) -> Chrome {
        Chrome::new(self.locale)
            .serving(self.w("云控制台", "Cloud Console"))
            .at("/login", &[("interaction", "ix_6Zk2")])
    }

    fn form(&self, action: &str, error: Option<PageError>) -> Form {
        let interaction = Some(self.same("ix_6Zk2"));
        Form { action: action.to_owned(), interaction, csrf: self.same("csrf"), error }
    }

    fn methods(&self, current: usize) -> Vec<MethodLink> {
        let links = [
            MethodLink::account(self.locale, "/login?interaction=ix"),
            MethodLink::sub_account(self.locale, "/login/sub?interaction=ix"),
            MethodLink::iam(self.locale, "/login/iam?interaction=ix"),
        ];
        let marked = links.into_iter().enumerate();
        marked.map(|(index, link)| if index == current { link.current() } else { link }).collect()
    }

    fn agreements(&self, ticked: bool) -> Agreements {
        Agreements { documents: self.documents(), ticked }
    }

    fn documents(&self) -> Vec<Agreement> {
        let link = WebLink::parse("https://www.acme.example/terms");
        vec![Agreement::terms(self.locale, link), Agreement::privacy(self.locale, None)]
    }

    fn root(&self) -> Person {
        Person {
            name: self.w("Acme 运维", "Acme Operations"),
            login: self.same("o***s@acme.example"),
            kind: PrincipalKind::Root,
            owner: None,
            billed_to: None,
            id_tail: Some(self.same("0000")),
        }
    }

    fn sub(&self) -> Person {
        Person {
            name: self.same("lab"),
            login: self.same("l***b@acme.example"),
            kind: PrincipalKind::SubAccount,
            owner: Some(self.w("Acme 运维", "Acme Operations")),
            billed_to: Some(self.w("lab（独立付费）", "lab (independent billing)")),
            id_tail: Some(self.same("7512")),
        }
    }

    fn iam(&self) -> Vec<Sample> {
        let page = |account, username: &str, error| IamNamePage {
            chrome: self.chrome(),
            form: self.form("/login/iam", error),
            methods: self.methods(2),
            username: username.to_owned(),
            account,
        };
        let name = self.same("alice");
        let given = IamAccount::Given { account: self.same("acme"), elsewhere_href: "/login/iam".into() };
        let password = |error, remember| IamPasswordPage {
            chrome: self.chrome(),
            form: self.form("/login/iam", error),
            methods: self.methods(2),
            upn: self.same("alice@acme"),
            change_href: "/login/iam?interaction=ix".into(),
            remember,
            agreements: self.agreements(false),
        };
        let asked = || IamAccount::Asked { typed: self.same("acme") };
        vec![
            sample("iam_name", &page(IamAccount::InName, &self.same(""), None)),
            sample("iam_name.wrong", &page(IamAccount::InName, &name, Some(PageError::BadUsername))),
            sample("iam_name.asked", &page(asked(), &name, None)),
            sample("iam_name.missing", &page(asked(), &name, Some(PageError::Missing(Field::Account)))),
            sample("iam_name.given", &page(given, &name, None)),
            sample("iam_password", &password(None, Remember::Hidden)),
            sample("iam_password.wrong", &password(Some(PageError::BadCredentials), Remember::Ticked)),
        ]
    }

    fn alice(&self) -> Person {
        Person {
            name: self.w("爱丽丝", "Alice"),
            login: self.same("alice@acme"),
            kind: PrincipalKind::IamUser,
            owner: Some(self.w("Acme 运维", "Acme Operations")),
            billed_to: None,
            id_tail: None,
        }
    }

    fn entries(&self) -> Vec<Entry> {
        let states = [EntryState::Active, EntryState::Locked, EntryState::SignedOut];
        let people = [self.root(), self.sub(), self.alice()];
        let rows = people.into_iter().zip(states).enumerate();
        rows.map(|(index, (person, state))| Entry { handle: self.same(&format!("h{index}")), person, state }).collect()
    }

    fn login_page(&self, face: LoginFace, username: &str, error: Option<PageError>) -> LoginPage {
        let (action, current) = if face == LoginFace::Account { ("/login", 0) } else { ("/login/sub", 1) };
        LoginPage {
            chrome: self.chrome(),
            form: self.form(action, error),
            face,
            methods: self.methods(current),
            username: username.to_owned(),
            remember: Remember::Unticked,
            agreements: self.agreements(error.is_some()),
            forgot_href: None,
            sign_up_href: None,
        }
    }

    fn login(&self) -> Vec<Sample> {
        let typed = self.same("ops@acme.example");
        let mut bare = self.login_page(LoginFace::Account, &typed, None);
        bare.chrome = Chrome::new(self.locale).branded(self.w("云平台", "Cloud Platform"));
        bare.methods.truncate(1);
        bare.form.interaction = None;
        let mut rich = self.login_page(LoginFace::Account, &typed, None);
        rich.forgot_href = Some("/reset".into());
        rich.sign_up_href = Some("/signup".into());
        rich.chrome = self.chrome().with_help(WebLink::parse("https://help.acme.example/").expect("a link"));
        let mut samples = vec![
            sample("login", &self.login_page(LoginFace::Account, &self.same(""), None)),
            sample("login.sub", &self.login_page(LoginFace::SubAccount, &self.same(""), None)),
            sample("login.bare", &bare),
            sample("login.rich", &rich),
        ];
        let kind = PrincipalKind::Root;
        for error in [
            PageError::BadCredentials,
            PageError::Locked { retry_after: 45 },
            PageError::Busy { retry_after: 300 },
            PageError::PrincipalDisabled { kind },
            PageError::OwnerSuspended,
            PageError::ConsoleDenied,
            PageError::IpDenied,
            PageError::PasswordExpiredHard,
            PageError::AgreeRequired,
            PageError::Missing(Field::Password),
        ] {
            let name = format!("login.{}", error.code());
            samples.push(sample(&name, &self.login_page(LoginFace::Account, &typed, Some(error))));
        }
        let refused = self.login_page(LoginFace::SubAccount, &typed, Some(PageError::EmailRequired));
        samples.push(sample("login.email_required", &refused));
        samples
    }

    fn proofs(&self) -> Vec<Sample> {
        let mut entries = self.entries();
        entries.push(Entry { handle: self.same("h9"), person: self.root(), state: EntryState::Disabled });
        let choose = |entries, error| ChooseAccountPage {
            chrome: self.chrome(),
            form: self.form("/login", error),
            entries,
            back_href: Some("/login".into()),
        };
        let reauth = |error, other: Option<&str>| ReauthPage {
            chrome: self.chrome(),
            form: self.form("/login", error),
            person: self.root(),
            username: Some(self.same("ops@acme.example")),
            other_href: other.map(str::to_owned),
        };
        vec![
            sample("choose", &choose(entries.clone(), None)),
            sample("choose.none", &choose(entries, Some(PageError::SelectRequired))),
            sample("reauth", &reauth(None, Some("/login"))),
            sample("reauth.wrong", &reauth(Some(PageError::BadCredentials), None)),
        ]
    }

    fn scopes(&self) -> Vec<ScopeLine> {
        let names = ["openid", "profile", "email", "phone", "address", "account", "offline_access"];
        let mut lines: Vec<_> = names.into_iter().map(ScopeLine::of_identity).collect();
        lines.push(ScopeLine::of_resource(self.same("ecs:read"), self.same("https://api.acme.example")));
        lines
    }

    fn consent(&self) -> Vec<Sample> {
        let page = |trust| ConsentPage {
            chrome: self.chrome(),
            form: self.form("/consent", None),
            client_name: self.w("报表工具", "Report Builder"),
            trust,
            person: self.alice(),
            scopes: self.scopes(),
            destination: self.same("reports.example"),
            policy: WebLink::parse("https://reports.example/privacy"),
            terms: None,
            switch_href: Some("/login".into()),
        };
        vec![sample("consent", &page(Trust::ThirdParty)), sample("consent.first_party", &page(Trust::FirstParty))]
    }

    fn leaving(&self) -> Vec<Sample> {
        let page = |entries| LogoutPage {
            chrome: self.chrome(),
            form: self.form("/logout", None),
            entries,
            preselected: None,
            cancel_href: Some("/accounts".into()),
        };
        let one = self.entries().into_iter().take(1).collect();
        let done = |people, remaining| SignedOutPage {
            chrome: Chrome::new(self.locale),
            people,
            remaining,
            return_to: WebLink::parse("https://console.acme.example/"),
            sign_in_href: "/login".into(),
        };
        vec![
            sample("logout", &page(one)),
            sample("logout.several", &page(self.entries())),
            sample("logout.nobody", &page(Vec::new())),
            sample("signed_out", &done(vec![self.root()], 2)),
            sample("signed_out.nobody", &done(Vec::new(), 0)),
        ]
    }

    fn own(&self) -> Vec<Sample> {
        let accounts = |entries| AccountsPage {
            chrome: Chrome::new(self.locale),
            form: self.form("/accounts", None),
            entries,
            add_href: "/login".into(),
            apps_href: Some("/me/apps".into()),
        };
        let app = |trust| GrantedApp {
            handle: self.same("app"),
            client_name: self.w("报表工具", "Report Builder"),
            trust,
            scopes: self.scopes().split_off(6),
            granted_at: Timestamp::from_seconds(1_772_323_200),
        };
        let apps = |apps, revoked| AppsPage {
            chrome: Chrome::new(self.locale),
            form: self.form("/me/apps", None),
            person: self.alice(),
            apps,
            revoked,
            back_href: Some("/accounts".into()),
        };
        vec![
            sample("accounts", &accounts(self.entries())),
            sample("accounts.nobody", &accounts(Vec::new())),
            sample("apps", &apps(vec![app(Trust::ThirdParty), app(Trust::FirstParty)], None)),
            sample("apps.none", &apps(Vec::new(), Some(self.w("报表工具", "Report Builder")))),
        ]
    }

    fn due(&self) -> Vec<Sample> {
        let password = |error| PasswordChangePage {
            chrome: self.chrome(),
            form: self.form("/login/password", error),
            person: self.alice(),
            username: Some(self.same("alice@acme")),
            policy: PasswordPolicy { min: 8, max: 128 },
        };
        let agreements = |error| AgreementsPage {
            chrome: self.chrome(),
            form: self.form("/login/agreements", error),
            person: self.root(),
            documents: self.documents(),
        };
        let mut samples = vec![
            sample("password_change", &password(None)),
            sample("agreements", &agreements(None)),
            sample("agreements.required", &agreements(Some(PageError::AgreeRequired))),
        ];
        for error in [
            PageError::PasswordTooShort { min: 8 },
            PageError::PasswordTooLong { max: 128 },
            PageError::PasswordWeak,
            PageError::PasswordSame,
            PageError::PasswordMismatch,
            PageError::Missing(Field::NewPassword),
        ] {
            samples.push(sample(&format!("password_change.{}", error.code()), &password(Some(error))));
        }
        samples
    }

    fn failures(&self) -> Vec<Sample> {
        let kinds = [
            Failing::BadRequest,
            Failing::CrossSite,
            Failing::TooLarge,
            Failing::NotFound,
            Failing::MethodNotAllowed,
            Failing::TooMany { retry_after: 1 },
            Failing::Unavailable { retry_after: 5 },
            Failing::Internal,
        ];
        let page = |failing, reference, restart: Option<&str>| ErrorPage {
            chrome: Chrome::new(self.locale),
            failing,
            reference,
            restart_href: restart.map(str::to_owned),
            return_to: restart.and_then(|_| WebLink::parse("https://console.acme.example/")),
        };
        let number = Some(self.same("01JX8Q4T7M2N"));
        let mut samples = vec![
            sample("error.unregistered_client", &page(Failing::Unregistered, None, None)),
            sample("error.tx_expired", &page(Failing::TxExpired, number.clone(), Some("/authorize?client_id=console"))),
        ];
        for kind in kinds {
            samples.push(sample(&format!("error.{}", kind.code()), &page(kind, number.clone(), None)));
        }
        let response =
            [("code", self.same("ac_x")), ("state", self.same("s")), ("iss", self.same("https://id.example"))];
        let form_post = FormPostPage {
            chrome: Chrome::new(self.locale).serving(self.w("云控制台", "Cloud Console")),
            action: self.w("https://app.example/cb", "https://app.example/cb"),
            parameters: response.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        };
        samples.push(sample("form_post", &form_post));
        samples
    }
}

fn sample(name: &str, page: &impl Page) -> Sample {
    Sample { name: name.to_owned(), html: page.render() }
}
