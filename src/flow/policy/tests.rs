use std::time::Duration;

use rstest::rstest;

use super::*;
use crate::base::id::{AccountId, BrowserId};
use crate::domain::{
    Account, AccountKind, AccountStatus, Acr, Amr, Assurance, OwnerPolicy, Principal, PrincipalKind, PrincipalStatus,
    ReauthPolicy,
};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

fn principal(name: &str) -> Principal {
    let id = AccountId::from_text("104857600000");
    Principal {
        id: PrincipalId::from_text(name),
        kind: PrincipalKind::Root,
        account: Account {
            id: id.clone(),
            kind: AccountKind::Main,
            owner_id: id,
            alias: None,
            name: name.into(),
            status: AccountStatus::Active,
            independent_billing: false,
        },
        username: None,
        display_name: name.into(),
        status: PrincipalStatus::Active,
        owner_status: AccountStatus::Active,
        owner_alias: None,
        must_change_password: false,
        claims: serde_json::Map::new(),
    }
}

/// Signed in ten minutes ago, good for hours.
fn sign_in(row: i64, name: &str) -> SignIn {
    SignIn {
        id: SignInId::new(row),
        browser: BrowserId::new(1),
        principal: principal(name),
        stored_state: SignInState::Active,
        method: "password".into(),
        assurance: Assurance { amr: vec![Amr::Password], acr: Acr::Aal1 },
        auth_time: NOW - Duration::from_secs(600),
        last_seen_at: NOW - Duration::from_secs(60),
        idle_expires_at: NOW + HOUR,
        absolute_expires_at: NOW + HOUR,
        remember: false,
    }
}

fn asked(prompt: &str) -> Asked {
    Asked { prompts: Prompts::parse(prompt).unwrap(), ..Asked::default() }
}

fn browser_with(names: &[&str]) -> Situation {
    let sign_ins = names.iter().enumerate().map(|(row, name)| sign_in(i64::try_from(row).unwrap() + 1, name));
    Situation { sign_ins: sign_ins.collect(), owners: asking(ReauthPolicy::default()), ..Situation::default() }
}

/// The one owner of everybody here asks this.
fn asking(reauth: ReauthPolicy) -> Owners {
    let policy = OwnerPolicy { reauth, ..OwnerPolicy::default() };
    Owners { policies: [(AccountId::from_text("104857600000"), policy)].into(), ..Owners::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of the field that it fills")]
fn ids(names: &[&str]) -> Option<Vec<PrincipalId>> {
    Some(names.iter().map(|name| PrincipalId::from_text(*name)).collect())
}

fn of(subject: &str) -> Demands {
    Demands { subject: Some(PrincipalId::from_text(subject)), ..Demands::default() }
}

fn issue(row: i64) -> NextStep {
    NextStep::Issue(SignInId::new(row))
}

fn choose(rows: &[i64]) -> NextStep {
    NextStep::Ask(Ask::Choose(rows.iter().map(|row| SignInId::new(*row)).collect()))
}

fn login(row: Option<i64>) -> NextStep {
    NextStep::Ask(Ask::Login(row.map(SignInId::new)))
}

#[rstest]
#[case::nobody(&[], "", login(None))]
#[case::nobody_silently(&[], "none", NextStep::Refuse(ErrorCode::LoginRequired))]
#[case::one(&["a"], "", issue(1))]
#[case::one_silently(&["a"], "none", issue(1))]
#[case::one_anew(&["a"], "login", login(Some(1)))]
#[case::several(&["a", "b"], "", choose(&[1, 2]))]
#[case::several_silently(&["a", "b"], "none", NextStep::Refuse(ErrorCode::AccountSelectionRequired))]
#[case::several_anew(&["a", "b"], "login", login(None))]
fn without_a_hint(#[case] signed_in: &[&str], #[case] prompt: &str, #[case] expected: NextStep) {
    assert_eq!(next_step(&asked(prompt), &browser_with(signed_in), NOW), expected);
}

#[rstest]
#[case::fits_one(&["b"], "", issue(2))]
#[case::fits_one_silently(&["b"], "none", issue(2))]
#[case::fits_none(&["x"], "", login(None))]
#[case::fits_none_silently(&["x"], "none", NextStep::Refuse(ErrorCode::LoginRequired))]
#[case::fits_several(&["a", "b"], "", choose(&[1, 2]))]
#[case::fits_several_silently(&["a", "b"], "none", NextStep::Refuse(ErrorCode::AccountSelectionRequired))]
#[case::names_nobody(&[], "", login(None))]
#[case::fits_one_anew(&["b"], "login", login(Some(2)))]
fn a_login_hint_never_falls_back_to_another_account(
    #[case] hinted: &[&str],
    #[case] prompt: &str,
    #[case] expected: NextStep,
) {
    let asked = Asked { hinted: ids(hinted), ..asked(prompt) };
    assert_eq!(next_step(&asked, &browser_with(&["a", "b", "c"]), NOW), expected);
}

#[rstest]
#[case::here("b", "", issue(2))]
#[case::here_silently("b", "none", issue(2))]
#[case::not_here("x", "", login(None))]
#[case::not_here_silently("x", "none", NextStep::Refuse(ErrorCode::LoginRequired))]
#[case::here_anew("b", "login", login(Some(2)))]
fn a_demanded_subject_is_returned_or_nobody_is(
    #[case] subject: &str,
    #[case] prompt: &str,
    #[case] expected: NextStep,
) {
    let asked = Asked { demands: of(subject), ..asked(prompt) };
    assert_eq!(next_step(&asked, &browser_with(&["a", "b"]), NOW), expected);
}

#[test]
fn who_signs_in_as_another_than_the_demanded_subject_is_told_so() {
    let asked = Asked { demands: of("b"), ..asked("") };
    let chosen = Some(SignInId::new(1));
    let proved = Situation { chosen, proved: chosen, ..browser_with(&["a"]) };
    assert_eq!(next_step(&asked, &proved, NOW), NextStep::Ask(Ask::Mismatch(SignInId::new(1))));
    let merely_chosen = Situation { chosen, ..browser_with(&["a"]) };
    assert_eq!(next_step(&asked, &merely_chosen, NOW), login(None));
}

#[test]
fn a_proof_given_in_the_interaction_answers_prompt_login_once() {
    let proved = Situation { chosen: Some(SignInId::new(1)), proved: Some(SignInId::new(1)), ..browser_with(&["a"]) };
    assert_eq!(next_step(&asked("login"), &proved, NOW), issue(1));
    let of_another = Situation { proved: Some(SignInId::new(2)), ..proved };
    assert_eq!(next_step(&asked("login"), &of_another, NOW), login(Some(1)));
}

#[rstest]
#[case::young(600, issue(1))]
#[case::too_old(599, login(Some(1)))]
#[case::always(0, login(Some(1)))]
fn max_age_is_the_age_of_the_proof(#[case] seconds: u64, #[case] expected: NextStep) {
    let asked = Asked { max_age: Some(Duration::from_secs(seconds)), ..asked("") };
    assert_eq!(next_step(&asked, &browser_with(&["a"]), NOW), expected);
    let silent = Asked { prompts: Prompts::parse("none").unwrap(), ..asked };
    let refused = matches!(next_step(&silent, &browser_with(&["a"]), NOW), NextStep::Refuse(ErrorCode::LoginRequired));
    assert_eq!(refused, expected != issue(1));
}

#[test]
fn a_sign_in_past_its_lifetimes_is_asked_to_prove_itself() {
    let mut situation = browser_with(&["a"]);
    situation.sign_ins[0].idle_expires_at = NOW;
    assert_eq!(next_step(&asked(""), &situation, NOW), login(Some(1)));
    situation.sign_ins[0].stored_state = SignInState::SignedOut;
    assert_eq!(next_step(&asked(""), &situation, NOW), choose(&[1]));
}

#[test]
fn nobody_without_good_standing_is_returned() {
    let mut situation = browser_with(&["a", "b"]);
    situation.sign_ins[0].principal.status = PrincipalStatus::Disabled;
    assert_eq!(next_step(&asked(""), &situation, NOW), issue(2));
    situation.sign_ins[1].principal.owner_status = AccountStatus::Suspended;
    assert_eq!(next_step(&asked("none"), &situation, NOW), NextStep::Refuse(ErrorCode::LoginRequired));
}

#[test]
fn the_steps_after_the_account_come_in_their_order_and_silently_as_errors() {
    let scope = Scope::parse("openid").unwrap();
    let asking = Asked { consent_for: Some(scope.clone()), ..asked("") };
    let silent = Asked { prompts: Prompts::parse("none").unwrap(), ..asking.clone() };
    let mut situation = Situation { agreements_due: true, ..browser_with(&["a"]) };
    situation.sign_ins[0].principal.must_change_password = true;
    let id = SignInId::new(1);

    assert_eq!(next_step(&asking, &situation, NOW), NextStep::Ask(Ask::ChangePassword(id)));
    assert_eq!(next_step(&silent, &situation, NOW), NextStep::Refuse(ErrorCode::InteractionRequired));
    situation.sign_ins[0].principal.must_change_password = false;
    assert_eq!(next_step(&asking, &situation, NOW), NextStep::Ask(Ask::Agreements(id)));
    assert_eq!(next_step(&silent, &situation, NOW), NextStep::Refuse(ErrorCode::InteractionRequired));
    situation.agreements_due = false;
    assert_eq!(next_step(&asking, &situation, NOW), NextStep::Ask(Ask::Consent(id)));
    assert_eq!(next_step(&silent, &situation, NOW), NextStep::Refuse(ErrorCode::ConsentRequired));
    situation.consented = Some(scope);
    assert_eq!(next_step(&asking, &situation, NOW), issue(1));
    assert_eq!(next_step(&silent, &situation, NOW), issue(1));
}

#[test]
fn prompt_consent_asks_again_until_it_was_given_here() {
    let scope = Scope::parse("openid").unwrap();
    let asking = Asked { consent_for: Some(scope.clone()), ..asked("consent") };
    let mut situation = Situation { consented: Some(scope), ..browser_with(&["a"]) };
    assert_eq!(next_step(&asking, &situation, NOW), NextStep::Ask(Ask::Consent(SignInId::new(1))));
    situation.consented_here = true;
    assert_eq!(next_step(&asking, &situation, NOW), issue(1));
}

#[test]
fn a_wider_scope_than_the_remembered_one_asks_again() {
    let asking = Asked { consent_for: Some(Scope::parse("openid email").unwrap()), ..asked("") };
    let situation = Situation { consented: Some(Scope::parse("openid").unwrap()), ..browser_with(&["a"]) };
    assert_eq!(next_step(&asking, &situation, NOW), NextStep::Ask(Ask::Consent(SignInId::new(1))));
}

#[test]
fn a_client_never_gets_another_identity_than_last_time_unasked() {
    let situation = Situation { affinity: Some(PrincipalId::from_text("a")), ..browser_with(&["b"]) };
    assert_eq!(next_step(&asked(""), &situation, NOW), choose(&[1]));
    let silently = next_step(&asked("none"), &situation, NOW);
    assert_eq!(silently, NextStep::Refuse(ErrorCode::AccountSelectionRequired));
    let picked = Situation { chosen: Some(SignInId::new(1)), ..situation };
    assert_eq!(next_step(&asked(""), &picked, NOW), issue(1));
}

#[test]
fn an_assurance_that_nobody_reaches_is_refused_before_anybody_is_asked() {
    let asking = Asked { unreachable_acr: true, ..asked("") };
    let refused = NextStep::Refuse(ErrorCode::UnmetAuthenticationRequirements);
    assert_eq!(next_step(&asking, &browser_with(&[]), NOW), refused);
}

#[test]
fn nobody_is_used_whose_owner_was_not_looked_up() {
    let situation = Situation { owners: Owners::default(), ..browser_with(&["a"]) };
    assert_eq!(next_step(&asked(""), &situation, NOW), login(Some(1)));
    assert_eq!(next_step(&asked("none"), &situation, NOW), NextStep::Refuse(ErrorCode::LoginRequired));
    // The same of a place that the owner minds.
    let minding = ReauthPolicy { on_change: true, ..ReauthPolicy::default() };
    let situation = Situation { owners: asking(minding), ..browser_with(&["a"]) };
    assert_eq!(next_step(&asked(""), &situation, NOW), login(Some(1)));
}

#[rstest]
#[case::same(Some("Chrome · Linux"), Some("CN"), false)]
#[case::another_browser(Some("Firefox · Linux"), Some("CN"), true)]
#[case::a_browser_that_says_nothing(None, Some("CN"), true)]
#[case::another_country(Some("Chrome · Linux"), Some("SG"), true)]
#[case::a_country_that_is_not_known(Some("Chrome · Linux"), None, false)]
fn another_place_is_another_browser_or_another_known_country(
    #[case] browser: Option<&str>,
    #[case] country: Option<&str>,
    #[case] elsewhere: bool,
) {
    let whence = |browser: Option<&str>, country: Option<&str>| Whence {
        browser: browser.map(str::to_owned),
        country: country.map(str::to_owned),
    };
    let (here, proved) = (whence(browser, country), whence(Some("Chrome · Linux"), Some("CN")));
    assert_eq!((here.is_elsewhere(&proved), proved.is_elsewhere(&here)), (elsewhere, elsewhere));
    assert!(!whence(None, None).is_elsewhere(&whence(None, None)));
}

#[test]
fn unused_for_as_long_as_the_owner_allows_is_locked() {
    for (minutes, last_seen, expected) in [(5, 299, issue(1)), (5, 300, login(Some(1))), (0, 100_000, issue(1))] {
        let idle = ReauthPolicy { idle_minutes: minutes, ..ReauthPolicy::default() };
        let mut situation = Situation { owners: asking(idle), ..browser_with(&["a"]) };
        situation.sign_ins[0].last_seen_at = NOW - Duration::from_secs(last_seen);
        assert_eq!(next_step(&asked(""), &situation, NOW), expected, "{minutes} {last_seen}");
    }
}
