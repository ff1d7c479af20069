//! AC-01: many tabs of one browser, three accounts, two clients, in an order that
//! chance decides. A model says whom each tab chose; every token must agree.

use std::collections::BTreeMap;
use std::time::Duration;

use menshen::base::{Entropy, SeededEntropy};
use rstest::rstest;
use serde_json::{Value, json};

use super::chooser::{button, pick};
use crate::support::answer::Answer;
use crate::support::browser::Browser;
use crate::support::database::Backend::{self, Postgres, Sqlite};
use crate::support::house::{ALICE, GLOBEX, OPS, Person};
use crate::support::idp::TestIdp;
use crate::support::relying_party::{RelyingParty, TokenSet, token_set};

/// Words on each account's button.
const PEOPLE: [(Person, &str); 3] = [(OPS, "Acme 运维"), (ALICE, "alice@acme"), (GLOBEX, "Globex")];
const TABS: usize = 8;

/// One tab: what it shows, for which client, and whom it chose.
struct Tab {
    page: Answer,
    client: usize,
    chosen: Option<usize>,
}

/// What must be true of everybody's tokens.
#[derive(Default)]
struct Model {
    subs: Vec<String>,
    auth_times: Vec<Value>,
    sids: BTreeMap<(usize, usize), Value>,
    checked: usize,
}

impl Model {
    fn check(&mut self, tokens: &TokenSet, person: usize, client: usize) {
        let claims = tokens.claims();
        assert_eq!(claims["sub"], self.subs[person], "another account than the one chosen in this tab");
        assert_eq!(claims["auth_time"], self.auth_times[person]);
        assert_eq!(claims["acr"], json!("aal1"));
        let sid = self.sids.entry((person, client)).or_insert_with(|| claims["sid"].clone());
        assert_eq!(claims["sid"], *sid, "one sid for each account and client");
        self.checked += 1;
    }
}

struct Walk {
    browser: Browser,
    clients: [RelyingParty; 2],
    tabs: Vec<Tab>,
    tokens: Vec<(TokenSet, usize, usize)>,
    model: Model,
    chance: SeededEntropy,
}

impl Walk {
    fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        let chance: &dyn Entropy = &self.chance;
        usize::try_from(chance.below(bound)).unwrap()
    }

    /// A tab that shows this page.
    fn some_tab(&self, path: &str) -> Option<usize> {
        let fitting: Vec<_> = (0..self.tabs.len()).filter(|at| self.tabs[*at].page.path() == path).collect();
        fitting.get(self.below(fitting.len())).copied()
    }

    async fn step(&mut self) {
        match self.below(10) {
            0..=2 => self.open().await,
            3..=5 => self.choose("/accounts").await,
            6 => self.choose_again().await,
            7..=8 => self.consent().await,
            _ => self.refresh().await,
        }
    }

    async fn open(&mut self) {
        if self.tabs.len() >= TABS {
            let gone = self.below(TABS);
            self.tabs.remove(gone);
        }
        let client = self.below(2);
        let prompt = if client == 0 { "select_account" } else { "select_account consent" };
        let scope = if client == 0 { "openid offline_access" } else { "openid" };
        let request = self.clients[client].request().with("prompt", prompt).with("scope", scope);
        let page = self.browser.open(&request.url()).await;
        assert_eq!(page.path(), "/accounts");
        self.tabs.push(Tab { page, client, chosen: None });
    }

    async fn choose(&mut self, path: &str) {
        let Some(at) = self.some_tab(path) else { return };
        let person = self.below(PEOPLE.len());
        let page = pick(&self.browser, &self.tabs[at].page, PEOPLE[person].1).await;
        self.tabs[at].chosen = Some(person);
        self.arrived(at, page).await;
    }

    /// From the consent page back to the chooser, in the same tab.
    async fn choose_again(&mut self) {
        let Some(at) = self.some_tab("/consent") else { return };
        let switch = self.tabs[at].page.attribute("a[href^='/accounts?']", "href").expect("a way back to the chooser");
        let page = self.browser.open(&switch).await;
        assert!(page.has(&button(&page, PEOPLE[0].1)));
        self.tabs[at].page = page;
    }

    async fn consent(&mut self) {
        let Some(at) = self.some_tab("/consent") else { return };
        let page = self.browser.press(&self.tabs[at].page, "#consent-approve").await;
        self.arrived(at, page).await;
    }

    async fn arrived(&mut self, at: usize, page: Answer) {
        if page.location().is_none() {
            self.tabs[at].page = page;
            return;
        }
        let Tab { client, chosen, .. } = self.tabs.remove(at);
        let party = &self.clients[client];
        let tokens = party.tokens(&party.code_from(&page)).await;
        let person = chosen.expect("nobody was chosen in this tab");
        self.model.check(&tokens, person, client);
        self.tokens.push((tokens, person, client));
    }

    async fn refresh(&mut self) {
        if self.tokens.is_empty() {
            return;
        }
        let at = self.below(self.tokens.len());
        let (tokens, person, client) = self.tokens.swap_remove(at);
        let Some(refresh) = &tokens.refresh else { return };
        let renewed = token_set(&self.clients[client].refresh(refresh).await);
        self.model.check(&renewed, person, client);
        self.tokens.push((renewed, person, client));
    }
}

/// AC-01: ten thousand steps of tabs that open, choose, change their mind, consent and refresh.
#[rstest]
#[case::sqlite(Sqlite, 10_000)]
#[case::postgres(Postgres, 10_000)]
#[actix_web::test]
async fn ac_01_no_interleaving_of_tabs_mixes_accounts(#[case] backend: Backend, #[case] steps: usize) {
    let idp = TestIdp::start(backend).await;
    let browser = idp.browser();
    let mut model = Model::default();
    for (person, _) in PEOPLE {
        // Each has an `auth_time` of its own.
        idp.clock().advance(Duration::from_secs(61));
        browser.sign_in(person).await;
        model.subs.push(idp.sub_of(person).await);
        model.auth_times.push(json!(menshen::base::Clock::now(idp.clock()).seconds()));
    }
    let clients = [idp.client("console"), idp.client("report-tool")];
    let chance = SeededEntropy::new(17);
    let mut walk = Walk { browser, clients, tabs: Vec::new(), tokens: Vec::new(), model, chance };
    for _step in 0..steps {
        walk.step().await;
    }
    assert!(walk.model.checked > steps / 10, "{} tokens were checked", walk.model.checked);
}
