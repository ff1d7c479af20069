//! The policy's decisions: row by row from [`table`], and what holds in every
//! combination there is. `docs/reference/decisions.md` is made of the table.

pub mod table;

use std::time::Duration;

use menshen::base::Timestamp;
use menshen::base::id::{AccountId, BrowserId, PrincipalId, SignInId};
use menshen::domain::{
    Account, AccountKind, AccountStatus, Acr, Amr, Assurance, Principal, PrincipalKind, PrincipalStatus, SignIn,
    SignInState,
};
use menshen::flow::policy::{Ask, Asked, Confirm, NamedSession, NextStep, Situation, named_alone, next_step};
use menshen::protocol::client_metadata::AccountAffinity;
use menshen::protocol::{ErrorCode, LoginMethods, Prompt, Prompts, Scope};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const ACME: &str = "104857600000";
const GLOBEX: &str = "104857600002";

fn principal(name: char) -> Principal {
    let (kind, account, owner, alias) = match name {
        'A' => (PrincipalKind::Root, ACME, ACME, "acme"),
        'B' => (PrincipalKind::SubAccount, "209715200000", ACME, "acme"),
        'C' => (PrincipalKind::IamUser, ACME, ACME, "acme"),
        'D' => (PrincipalKind::Root, GLOBEX, GLOBEX, "globex"),
        other => panic!("nobody is called {other}"),
    };
    let sub = kind == PrincipalKind::SubAccount;
    Principal {
        id: PrincipalId::from_text(name.to_string()),
        kind,
        account: Account {
            id: AccountId::from_text(account),
            kind: if sub { AccountKind::Sub } else { AccountKind::Main },
            owner_id: AccountId::from_text(owner),
            alias: (!sub).then(|| alias.to_owned()),
            name: name.into(),
            status: AccountStatus::Active,
            independent_billing: false,
        },
        username: (kind == PrincipalKind::IamUser).then(|| name.into()),
        display_name: name.into(),
        status: PrincipalStatus::Active,
        owner_status: AccountStatus::Active,
        owner_alias: Some(alias.to_owned()),
        must_change_password: false,
        claims: serde_json::Map::new(),
    }
}

fn row(name: char) -> SignInId {
    SignInId::new(i64::from(u32::from(name)))
}

fn name(id: SignInId) -> char {
    char::from_u32(u32::try_from(id.row()).unwrap()).unwrap()
}

/// `A`, `A~`, `A-` or `A!`.
fn sign_in(word: &str) -> SignIn {
    let (who, mark) = (word.chars().next().unwrap(), &word[1..]);
    let mut sign_in = SignIn {
        id: row(who),
        browser: BrowserId::new(1),
        principal: principal(who),
        stored_state: SignInState::Active,
        method: "password".into(),
        assurance: Assurance { amr: vec![Amr::Password], acr: Acr::Aal1 },
        auth_time: NOW - Duration::from_secs(600),
        last_seen_at: NOW - Duration::from_secs(60),
        idle_expires_at: NOW + HOUR,
        absolute_expires_at: NOW + HOUR,
        remember: false,
    };
    match mark {
        "" => {}
        "~" => sign_in.idle_expires_at = NOW,
        "-" => sign_in.stored_state = SignInState::SignedOut,
        "!" => sign_in.principal.owner_status = AccountStatus::Suspended,
        other => panic!("{other} marks nothing"),
    }
    sign_in
}

fn browser(words: &str) -> Situation {
    Situation { sign_ins: words.split_whitespace().map(sign_in).collect(), ..Situation::default() }
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn prompts(text: &str) -> Prompts {
    Prompts::try_from(text.to_owned()).unwrap()
}

/// Puts one clause of a row into the request or the browser.
fn put(clause: &str, asked: &mut Asked, situation: &mut Situation) {
    let one = |text: &str| text.chars().next().unwrap();
    let id = |text: &str| PrincipalId::from_text(text);
    match clause.split_once('=').unwrap_or_else(|| clause.rsplit_once(' ').unwrap_or((clause, ""))) {
        ("prompt", value) => asked.prompts = prompts(value),
        ("max_age", value) => asked.max_age = Some(Duration::from_secs(value.parse().unwrap())),
        ("id_token_hint" | "claims.sub", value) => asked.demands.subject = Some(id(value)),
        ("sid", "unknown") => asked.demands.session = NamedSession::Gone,
        ("sid", value) => {
            asked.demands.session = NamedSession::Here;
            asked.demands.subject = Some(id(value));
        }
        ("login_hint", "nobody") => asked.hinted = Some(Vec::new()),
        ("login_hint", value) => asked.hinted = Some(value.split(' ').map(id).collect()),
        ("owner_hint", value) => asked.demands.owner = Some(value.to_owned()),
        ("principal_type_hint", value) => asked.demands.kind = Some(value.parse().unwrap()),
        ("client takes owner", value) => asked.demands.owners = vec![value.to_owned()],
        ("client takes by", method) => situation.methods = LoginMethods::of(&[method.to_owned()]),
        ("client takes the", "last") => asked.affinity = AccountAffinity::LastUsed,
        ("client takes", value) => asked.demands.kinds = vec![value.parse().unwrap()],
        ("client", "confirms") => asked.confirm = Confirm::Always,
        ("last got", value) => situation.affinity = Some(id(value)),
        ("chosen", value) => situation.chosen = Some(row(one(value))),
        ("proved", value) => {
            situation.proved = Some(row(one(value)));
            situation.chosen = situation.chosen.or(situation.proved);
        }
        ("password", "due") => situation.sign_ins.iter_mut().for_each(|row| row.principal.must_change_password = true),
        ("terms", "due") => situation.agreements_due = true,
        ("acr out of", "reach") => asked.unreachable_acr = true,
        ("consent", "due") => asked.consent_for = Some(scope("openid email")),
        ("consent", "given") => {
            asked.consent_for = Some(scope("openid email"));
            situation.consented = Some(scope("openid email"));
        }
        ("consent given", "here") => {
            put("consent given", asked, situation);
            situation.consented_here = true;
        }
        ("consent given for", "less") => {
            put("consent given", asked, situation);
            situation.consented = Some(scope("openid"));
        }
        other => panic!("{other:?} is no clause"),
    }
}

fn told(step: &NextStep) -> String {
    let of = |what: &str, id: &SignInId| format!("{what}: {}", name(*id));
    match step {
        NextStep::Issue(id) => of("code", id),
        NextStep::Refuse(code) => code.as_str().to_owned(),
        NextStep::Ask(Ask::SignUp) => "sign-up".to_owned(),
        NextStep::Ask(Ask::Choose(ids)) => {
            let names: Vec<_> = ids.iter().map(|id| name(*id).to_string()).collect();
            format!("choose: {}", names.join(", "))
        }
        NextStep::Ask(Ask::Login(None)) => "login".to_owned(),
        NextStep::Ask(Ask::Login(Some(id))) => of("login", id),
        NextStep::Ask(Ask::Mismatch(id)) => of("mismatch", id),
        NextStep::Ask(Ask::ChangePassword(id)) => of("new password", id),
        NextStep::Ask(Ask::Agreements(id)) => of("terms", id),
        NextStep::Ask(Ask::Consent(id)) => of("consent", id),
    }
}

fn decided(accounts: &str, request: &str) -> NextStep {
    let (asked, situation) = posed(accounts, request);
    next_step(&asked, &situation, NOW)
}

fn posed(accounts: &str, request: &str) -> (Asked, Situation) {
    let (mut asked, mut situation) = (Asked::default(), browser(accounts));
    for clause in request.split(", ").filter(|clause| !clause.is_empty()) {
        put(clause, &mut asked, &mut situation);
    }
    (asked, situation)
}

/// What is decided when those whom the request names are looked at alone; none
/// when everybody counts.
fn decided_alone(accounts: &str, request: &str) -> Option<NextStep> {
    let (asked, mut situation) = posed(accounts, request);
    let named = named_alone(&asked)?;
    situation.sign_ins.retain(|sign_in| named.contains(&sign_in.principal.id));
    Some(next_step(&asked, &situation, NOW))
}

#[test]
fn every_row_of_the_table_is_decided_as_it_says() {
    let wrong = table::PARTS.iter().flat_map(|(_, rows)| *rows).filter_map(|[accounts, request, outcome]| {
        let told = told(&decided(accounts, request));
        (told != *outcome).then(|| format!("[{accounts}] {request}: {outcome} expected, {told} decided"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is varied one at a time: the client's options, freshness, assurance and the steps after the account.
const OPTIONS: [&str; 10] = [
    "",
    "client takes the last",
    "client confirms",
    "max_age=0",
    "max_age=599",
    "max_age=600",
    "acr out of reach",
    "password due",
    "terms due",
    "consent due",
];

/// Every browser of up to four accounts, in every state, with every prompt,
/// hint, affinity and option: what must never be.
#[test]
fn no_combination_returns_an_account_that_nobody_chose() {
    let mut seen = 0;
    for accounts in browsers() {
        let situation = browser(&accounts);
        for prompt in ["", "none", "login", "consent", "select_account", "select_account login", "create"] {
            for named in
                ["", "id_token_hint=A", "id_token_hint=D", "login_hint=A", "login_hint=A B", "login_hint=nobody"]
            {
                for last in ["", "last got A", "last got B"] {
                    for option in OPTIONS {
                        let prompt = if prompt.is_empty() { String::new() } else { format!("prompt={prompt}") };
                        let clauses =
                            [prompt.as_str(), named, last, option].into_iter().filter(|text| !text.is_empty());
                        holds(&accounts, &clauses.collect::<Vec<_>>().join(", "), &situation);
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 50_000, "{seen}");
}

/// No account; `A`, `B`, `C` in each state, alone and together; many.
fn browsers() -> Vec<String> {
    let states = |who: &str| ["", "~", "-", "!"].map(|mark| format!("{who}{mark}"));
    let mut all = vec![String::new()];
    all.extend(states("A"));
    all.extend(states("B"));
    for first in states("A") {
        for second in states("B") {
            let both = format!("{first} {second}");
            all.extend(["C", "C-"].map(|third| format!("{both} {third}")));
            all.push(both);
        }
    }
    all.extend(["A B C D", "A~ B C- D", "A- B- C- D-"].map(str::to_owned));
    all
}

fn holds(accounts: &str, request: &str, situation: &Situation) {
    let step = decided(accounts, request);
    let case = || format!("[{accounts}] {request}: {}", told(&step));
    let named = request.contains("id_token_hint=") || request.contains("login_hint=");
    let prompts =
        request.split(", ").find_map(|clause| clause.strip_prefix("prompt=")).map(prompts).unwrap_or_default();
    let silent = prompts.contains(Prompt::None);
    assert!(!silent || !matches!(step, NextStep::Ask(_)), "a page under prompt=none: {}", case());
    let shown = match &step {
        NextStep::Ask(Ask::Choose(ids)) => ids.clone(),
        NextStep::Issue(id) | NextStep::Ask(Ask::Login(Some(id))) => vec![*id],
        NextStep::Ask(_) | NextStep::Refuse(_) => vec![],
    };
    assert!(!matches!(&step, NextStep::Ask(Ask::Choose(ids)) if ids.is_empty()), "an empty chooser: {}", case());
    if request.contains("id_token_hint=A") {
        assert!(shown.iter().all(|id| name(*id) == 'A'), "another than the demanded account: {}", case());
    }
    if request.contains("id_token_hint=D") {
        assert!(shown.iter().all(|id| name(*id) == 'D'), "another than the demanded account: {}", case());
    }
    if request.contains("acr out of reach") {
        assert_eq!(step, NextStep::Refuse(ErrorCode::UnmetAuthenticationRequirements), "{}", case());
    }
    if let Some(alone) = decided_alone(accounts, request) {
        let both_ask = matches!((&step, &alone), (NextStep::Ask(_), NextStep::Ask(_)));
        assert!(alone == step || both_ask, "somebody whom nobody named counted: {}, else {}", case(), told(&alone));
    }
    let NextStep::Issue(id) = step else { return };
    let sign_in = situation.sign_ins.iter().find(|row| row.id == id).unwrap();
    let others = situation.sign_ins.iter().filter(|row| row.id != id && row.state(NOW) != SignInState::SignedOut);
    let others = others.filter(|row| row.principal.owner_status == AccountStatus::Active).count();
    assert_eq!(sign_in.state(NOW), SignInState::Active, "{}", case());
    assert_eq!(sign_in.principal.owner_status, AccountStatus::Active, "{}", case());
    for asks in [Prompt::Login, Prompt::SelectAccount, Prompt::Create] {
        assert!(!prompts.contains(asks), "a code without the page that was asked for: {}", case());
    }
    for unmet in ["max_age=0", "max_age=599", "acr out of reach", "password due", "terms due", "consent due"] {
        assert!(!request.contains(unmet), "a code in spite of it: {}", case());
    }
    if !named {
        let last = request.contains(&format!("last got {}", name(id)));
        assert!(last || !request.contains("last got"), "a silent change of identity: {}", case());
        let by_client = silent && last && request.contains("client takes the last");
        assert!(others == 0 || by_client, "one of several, and nobody chose: {}", case());
    }
}
