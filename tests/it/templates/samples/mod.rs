//! Every page in its variants, filled with words of the caller's choice.

mod after;
mod enrolment;
mod sms;
mod upstream;

use menshen::domain::PrincipalKind;
use menshen::web::pages::{
    Agreement, Agreements, ChooseAccountPage, Chrome, Entry, EntryState, Field, Form, IamAccount, IamNamePage,
    IamPasswordPage, Locale, LoginFace, LoginPage, MethodLink, Page, PageError, Person, ReauthPage, Remember, WebLink,
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
    for part in [
        maker.login(),
        maker.sms(),
        maker.iam(),
        maker.proofs(),
        maker.consent(),
        maker.leaving(),
        maker.own(),
        maker.due(),
    ] {
        samples.extend(part);
    }
    samples.extend(maker.enrolment());
    samples.extend(maker.failures());
    samples.extend(maker.upstream());
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
            MethodLink::sms(self.locale, "/login/sms?interaction=ix"),
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
            methods: self.methods(3),
            username: username.to_owned(),
            account,
            tiles: Vec::new(),
            tiles_action: "/accounts".into(),
        };
        let name = self.same("alice");
        let given = IamAccount::Given { account: self.same("acme"), elsewhere_href: "/login/iam".into() };
        let password = |error, remember| IamPasswordPage {
            chrome: self.chrome(),
            form: self.form("/login/iam", error),
            methods: self.methods(3),
            upn: self.same("alice@acme"),
            change_href: "/login/iam?interaction=ix".into(),
            remember,
        };
        let asked = || IamAccount::Asked { typed: self.same("acme") };
        vec![
            sample("iam_name", &page(IamAccount::InName, &self.same(""), None)),
            sample(
                "iam_name.tiles",
                &IamNamePage { tiles: self.entries(), ..page(IamAccount::InName, &self.same(""), None) },
            ),
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
        let (action, current) = if face == LoginFace::Account { ("/login", 0) } else { ("/login/sub", 2) };
        LoginPage {
            chrome: self.chrome(),
            form: self.form(action, error),
            face,
            methods: self.methods(current),
            username: username.to_owned(),
            remember: Remember::Unticked,
            agreements: self.agreements(error.is_some()),
            tiles: if error.is_none() { self.entries() } else { Vec::new() },
            tiles_action: "/accounts".into(),
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
}

fn sample(name: &str, page: &impl Page) -> Sample {
    Sample { name: name.to_owned(), html: page.render() }
}
