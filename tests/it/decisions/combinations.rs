//! What holds in every combination of browser, request and owner's policy.

use menshen::domain::{AccountStatus, SignInState};
use menshen::flow::policy::{Ask, NextStep, Situation, Way, next_step, offered, state_for};
use menshen::protocol::{ErrorCode, Prompt};

use super::{NOW, browser, decided, decided_alone, name, posed, prompts, told};

/// What is varied one at a time: the client's options, freshness, assurance, the owner's policy and the steps after
/// the account.
const OPTIONS: [&str; 18] = [
    "",
    "client takes the last",
    "client confirms",
    "client takes by sms",
    "owner takes by sms",
    "owner asks after 6",
    "owner asks after 7",
    "owner asks the root",
    "owner minds change",
    "owner minds change, from elsewhere",
    "from elsewhere",
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
    let seen = every_combination(holds);
    assert!(seen > 50_000, "{seen}");
}

/// A row that says "continue" leads to no login page, and every other row to its own.
#[test]
fn every_row_that_may_be_picked_does_what_it_says() {
    let (mut continued, mut proved) = (0, 0);
    every_combination(|accounts, request, _situation| {
        // Silently nothing is picked, and whom the client got last changes the order alone.
        if request.contains("prompt=none") || request.contains("last got") {
            return;
        }
        for clause in ["", ", proved A"].into_iter().filter(|clause| clause.is_empty() || accounts.contains('A')) {
            let (live, asked_again) = rows_do_what_they_say(accounts, &format!("{request}{clause}"));
            continued += live;
            proved += asked_again;
        }
    });
    assert!(continued > 10_000 && proved > 10_000, "{continued} {proved}");
}

/// How many rows continue and how many lead to a login page.
fn rows_do_what_they_say(accounts: &str, request: &str) -> (usize, usize) {
    let (asked, situation) = posed(accounts, request);
    // Nothing is shown, so nothing is picked.
    if matches!(next_step(&asked, &situation, NOW), NextStep::Refuse(_)) {
        return (0, 0);
    }
    let rows = offered(&asked, &situation, NOW);
    let mut live = 0;
    for id in &rows {
        let row = situation.find(*id).unwrap();
        let state = state_for(&asked, &situation, (row, Way::Picked), NOW);
        let picked = Situation {
            chosen: Some(*id),
            proved: situation.proved.filter(|proved| proved == id),
            ..situation.clone()
        };
        let step = next_step(&asked, &picked, NOW);
        let asks = step == NextStep::Ask(Ask::Login(Some(*id)));
        assert_eq!(
            state != SignInState::Active,
            asks,
            "[{accounts}] {request}: {} {state:?}, {}",
            name(*id),
            told(&step)
        );
        assert!(asks || !matches!(step, NextStep::Ask(Ask::Login(_))), "[{accounts}] {request}: {}", told(&step));
        live += usize::from(!asks);
    }
    (live, rows.len() - live)
}

/// How many there are, with the browser's accounts, the request, and the browser.
fn every_combination(mut each: impl FnMut(&str, &str, &Situation)) -> usize {
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
                        each(&accounts, &clauses.collect::<Vec<_>>().join(", "), &situation);
                        seen += 1;
                    }
                }
            }
        }
    }
    seen
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
    for unmet in [
        "max_age=0",
        "max_age=599",
        "acr out of reach",
        "password due",
        "terms due",
        "consent due",
        "client takes by sms",
    ] {
        assert!(!request.contains(unmet), "a code in spite of it: {}", case());
    }
    // The owner of everybody but `D`.
    for unmet in ["owner takes by sms", "owner asks after 6", "owner minds change, from elsewhere"] {
        assert!(name(id) == 'D' || !request.contains(unmet), "a code in spite of it: {}", case());
    }
    if !named {
        let last = request.contains(&format!("last got {}", name(id)));
        assert!(last || !request.contains("last got"), "a silent change of identity: {}", case());
        let by_client = silent && last && request.contains("client takes the last");
        assert!(others == 0 || by_client, "one of several, and nobody chose: {}", case());
    }
}
