//! The policy's decisions: row by row from [`table`], and what holds in every
//! combination there is. `docs/reference/decisions.md` is made of the table.

mod combinations;
pub mod table;

use std::time::Duration;

use menshen::base::Timestamp;
use menshen::base::id::{AccountId, BrowserId, PrincipalId, SignInId};
use menshen::domain::{
    Account, AccountKind, AccountStatus, Acr, Amr, Assurance, OwnerPolicy, Principal, PrincipalKind, PrincipalStatus,
    SignIn, SignInState,
};
use menshen::flow::policy::{
    Ask, Asked, Confirm, NamedSession, NextStep, Owners, Situation, Whence, named_alone, next_step,
};
use menshen::protocol::client_metadata::AccountAffinity;
use menshen::protocol::{LoginMethods, Prompts, Scope};

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
        last_seen_at: NOW - Duration::from_secs(360),
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
    let owners = [ACME, GLOBEX].map(|owner| (AccountId::from_text(owner), OwnerPolicy::default()));
    let sign_ins: Vec<_> = words.split_whitespace().map(sign_in).collect();
    let proved = sign_ins.iter().map(|row| (row.id, whence("Firefox · Linux"))).collect();
    let owners = Owners { policies: owners.into(), proved, here: whence("Firefox · Linux") };
    Situation { sign_ins, owners, ..Situation::default() }
}

fn whence(browser: &str) -> Whence {
    Whence { browser: Some(browser.to_owned()), country: None }
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
        ("owner takes by", method) => acme(situation).login_methods = vec![method.to_owned()],
        ("owner asks after", minutes) => acme(situation).reauth.idle_minutes = minutes.parse().unwrap(),
        ("owner asks the", "root") => acme(situation).reauth.root = true,
        ("owner minds", "change") => acme(situation).reauth.on_change = true,
        ("from", "elsewhere") => situation.owners.here = whence("Chrome · Windows"),
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

/// What the owner of `A`, `B` and `C` asks.
fn acme(situation: &mut Situation) -> &mut OwnerPolicy {
    situation.owners.policies.get_mut(&AccountId::from_text(ACME)).unwrap()
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
