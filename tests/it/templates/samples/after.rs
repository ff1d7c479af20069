//! The pages after the proof: consent, leaving, one's own things, failures.

use menshen::base::Timestamp;
use menshen::flow::ProofAge;
use menshen::web::pages::{
    AgreementsPage, AppsPage, BindingRow, BindingsPage, ChooserFace, ChooserPage, ChooserRow, Chrome, ConsentPage,
    Entry, EntryState, ErrorPage, Failing, Field, FormPostPage, GrantedApp, LogoutPage, MismatchPage, PageError,
    PasswordChangePage, PasswordPolicy, ScopeLine, SessionRow, SessionsPage, SignedOutPage, Trust, WebLink,
};

use super::{Maker, Sample, sample};

impl Maker<'_> {
    fn scopes(&self) -> Vec<ScopeLine> {
        let names = ["openid", "profile", "email", "phone", "address", "account", "offline_access"];
        let mut lines: Vec<_> = names.into_iter().map(ScopeLine::of_identity).collect();
        lines.push(ScopeLine::of_resource(self.same("ecs:read"), self.same("https://api.acme.example")));
        lines
    }

    pub(super) fn consent(&self) -> Vec<Sample> {
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

    pub(super) fn leaving(&self) -> Vec<Sample> {
        let page = |entries| LogoutPage {
            chrome: self.chrome(),
            form: self.form("/logout", None),
            entries,
            preselected: None,
            app: None,
            cancel_href: Some("/accounts".into()),
        };
        let one = self.entries().into_iter().take(1).collect();
        let done = |people, remaining| SignedOutPage {
            chrome: Chrome::new(self.locale),
            people,
            remaining,
            frames: Vec::new(),
            return_to: WebLink::parse("https://console.acme.example/"),
            sign_in_href: "/login".into(),
        };
        vec![
            sample("logout", &page(one)),
            sample("logout.several", &page(self.entries())),
            sample(
                "logout.app",
                &LogoutPage { app: Some(self.w("报表工具", "Report Builder")), ..page(self.entries()) },
            ),
            sample("logout.nobody", &page(Vec::new())),
            sample("signed_out", &done(vec![self.root()], 2)),
            sample("signed_out.nobody", &done(Vec::new(), 0)),
        ]
    }

    pub(super) fn own(&self) -> Vec<Sample> {
        let manage = || ChooserFace::Manage {
            apps_href: "/me/apps".into(),
            sessions_href: "/me/sessions".into(),
            bindings_href: "/me/bindings".into(),
        };
        let row = |(place, entry): (usize, Entry)| ChooserRow {
            entry,
            idle: Some([0, 90, 7_000, 80_000, 900_000][place % 5]),
            focused: place == 0,
        };
        let chooser = |face, entries: Vec<Entry>| ChooserPage {
            chrome: if matches!(face, ChooserFace::Choose) { self.chrome() } else { Chrome::new(self.locale) },
            form: self.form("/accounts", None),
            face,
            rows: entries.into_iter().enumerate().map(row).collect(),
            add_href: "/login".into(),
        };
        let mismatch = MismatchPage {
            chrome: self.chrome(),
            form: self.form("/accounts", None),
            person: self.alice(),
            other_href: "/login".into(),
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
        let mut samples = self.bindings();
        samples.extend([
            sample("chooser", &chooser(ChooserFace::Choose, self.entries())),
            sample("chooser.manage", &chooser(manage(), self.entries())),
            sample("chooser.nobody", &chooser(manage(), Vec::new())),
            sample("chooser.full", &chooser(ChooserFace::Full(Box::new(self.root())), self.entries())),
            sample("mismatch", &mismatch),
            sample("sessions", &self.sessions()),
            sample("apps", &apps(vec![app(Trust::ThirdParty), app(Trust::FirstParty)], None)),
            sample("apps.none", &apps(Vec::new(), Some(self.w("报表工具", "Report Builder")))),
        ]);
        samples
    }

    fn sessions(&self) -> SessionsPage {
        let row = |device: Option<&str>, here, state| SessionRow {
            handle: self.same("session"),
            device: device.map(str::to_owned),
            here,
            state,
            address: self.same("198.18.0.7"),
            country: here.then(|| self.w("中国", "China")),
            method: if here { "password".into() } else { self.same("other") },
            signed_in_at: Timestamp::from_seconds(1_772_323_200),
            idle: 300,
        };
        SessionsPage {
            chrome: Chrome::new(self.locale),
            form: self.form("/me/sessions", None),
            person: self.alice(),
            rows: vec![row(Some("Chrome · Linux"), true, EntryState::Active), row(None, false, EntryState::Locked)],
            bindings_href: "/me/bindings".into(),
            apps_href: "/me/apps".into(),
            back_href: "/accounts".into(),
        }
    }

    fn bindings(&self) -> Vec<Sample> {
        let row = |method: &str, name: Option<String>, idle| BindingRow {
            handle: self.same("binding"),
            method: method.to_owned(),
            label: (method == "oidc.corp").then(|| self.w("企业账号", "Corp")),
            name,
            since: Timestamp::from_seconds(1_772_323_200),
            idle,
        };
        let page = |rows, proof, error| BindingsPage {
            chrome: Chrome::new(self.locale),
            form: self.form("/me/bindings", error),
            person: self.root(),
            rows,
            proof,
            sessions_href: "/me/sessions".into(),
            apps_href: "/me/apps".into(),
            back_href: "/accounts".into(),
        };
        let rows = || {
            let known = row("wechat", Some(self.w("小红", "Hong")), Some(7_000));
            vec![known, row("oidc.corp", None, None), row("oidc.other", None, Some(5))]
        };
        let refused = |error| page(rows(), ProofAge::Fresh, Some(error));
        vec![
            sample("bindings", &page(rows(), ProofAge::Old, None)),
            sample("bindings.none", &page(Vec::new(), ProofAge::Fresh, None)),
            sample("bindings.last_way_in", &refused(PageError::LastWayIn)),
            sample("bindings.not_bound", &refused(PageError::NotBound)),
        ]
    }

    pub(super) fn due(&self) -> Vec<Sample> {
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

    pub(super) fn failures(&self) -> Vec<Sample> {
        let kinds = [
            Failing::BadRequest,
            Failing::CrossSite,
            Failing::TooLarge,
            Failing::NotFound,
            Failing::MethodNotAllowed,
            Failing::SignUpOff,
            Failing::NewcomerRefused,
            Failing::MethodRefused,
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
