//! Text message: phone → account → code. amr: `sms`. Signs in root principals,
//! and sub-accounts that proved their number.
//!
//! Whose account it is, is asked before the code (`account_choice =
//! "before_code"`) among rows of which some stand for nobody, or only after it
//! (`"after_code"`). A number that nobody has gets the same pages, the same waits
//! and no message. The number and the row live in the interaction; a later form
//! cannot change them.

use std::sync::Arc;

use async_trait::async_trait;

use super::phone_holders::{NumberProved, Wish, of_number};
use super::phone_rows::{ChoiceRow, Rows};
use crate::authn::attempt::Attempt;
use crate::authn::authenticator::{Authenticator, Face, Factor, Method, Progress, Step};
use crate::authn::codes::{Delivery, Order, SentCode};
use crate::authn::contact::Contact;
use crate::authn::form::{ACCOUNT, CODE, Form, PHONE, RESEND};
use crate::authn::registry::{Deps, Entry};
use crate::authn::rejection::{AuthnError, Rejection};
use crate::authn::shortlist::Shortlist;
use crate::config::{ConfigError, Key, MethodSection};
use crate::domain::{Amr, CodePurpose, Principal};

/// The registry's line.
pub const ENTRY: Entry = Entry {
    name: METHOD.name,
    keys: KEYS,
    build: |section, deps| {
        section.refuse_unknown(&["account_choice"])?;
        let choice = AccountChoice::read(section)?;
        if !deps.sends_sms {
            return match section.enabled() {
                Some(true) => Err(ConfigError::new(section.key("enabled"), "needs a gateway: sms.provider")),
                Some(false) | None => Ok(Vec::new()),
            };
        }
        Ok(vec![Arc::new(Sms { deps: deps.clone(), choice })])
    },
};

/// What a right code proves, here and where an account is made.
pub(in crate::authn) const METHOD: Method = Method { name: "sms", factor: Factor::Possession, amr: &[Amr::Sms] };

const KEYS: &[Key] = &[Key {
    name: "account_choice",
    kind: "\"before_code\" or \"after_code\"",
    default: "\"before_code\"",
    meaning: &[
        "When a number has several accounts: whether one is chosen before the code, among rows of which some stand",
        "for nobody, or after it.",
    ],
}];

/// What the last row sends: any other account, chosen after the code.
pub const OTHER: &str = "other";
/// What a code is bound to when no row was sent that there is.
const UNCLEAR: &str = "unclear";

/// When the account is chosen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum AccountChoice {
    BeforeCode,
    AfterCode,
}

impl AccountChoice {
    fn read(section: &MethodSection) -> Result<Self, ConfigError> {
        match section.text("account_choice")?.as_deref() {
            None | Some("before_code") => Ok(Self::BeforeCode),
            Some("after_code") => Ok(Self::AfterCode),
            Some(_) => {
                Err(ConfigError::new(section.key("account_choice"), "expected: \"before_code\" or \"after_code\""))
            }
        }
    }
}

struct Sms {
    deps: Deps,
    choice: AccountChoice,
}

#[async_trait]
impl Authenticator for Sms {
    fn method(&self) -> Method {
        METHOD
    }

    fn face(&self) -> Face {
        Face::PhoneThenCode
    }

    async fn answer(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        if form.posted(PHONE).is_some() {
            return self.number(attempt, form).await;
        }
        match attempt.asked {
            Some(Step::SmsAccount { phone, rows }) => {
                let contact = self.deps.codes.kept(attempt.interaction, phone)?;
                self.row(attempt, form, (&contact, rows)).await
            }
            Some(Step::SmsCode { sent, rows }) => {
                let contact = self.deps.codes.contact(attempt.interaction, sent)?;
                if form.posted(RESEND).is_some() {
                    let choice = sent.choice().unwrap_or(OTHER).to_owned();
                    return self.send(attempt, (&contact, rows), &choice).await;
                }
                if form.posted(ACCOUNT).is_some() && form.posted(CODE).is_none() {
                    // Back on the page before, and another row.
                    return self.row(attempt, form, (&contact, rows)).await;
                }
                self.code(attempt, form, sent).await
            }
            Some(Step::Account { .. } | Step::Password { .. }) | None => {
                Ok(Rejection::FieldRequired { field: PHONE }.into())
            }
        }
    }

    async fn choose(&self, attempt: &Attempt<'_>, list: &Shortlist, handle: &str) -> Result<Progress, AuthnError> {
        self.proved(attempt).choose(list, handle).await
    }
}

impl Sms {
    fn proved<'a>(&'a self, attempt: &'a Attempt<'a>) -> NumberProved<'a> {
        NumberProved { deps: &self.deps, attempt, method: METHOD }
    }

    /// The number: on to the rows, or at once to the code.
    async fn number(&self, attempt: &Attempt<'_>, form: &Form) -> Result<Progress, AuthnError> {
        let typed = match form.required(PHONE) {
            Ok(typed) => typed,
            Err(rejection) => return Ok(rejection.into()),
        };
        let Some(contact) = Contact::phone(&self.deps.contacts, &self.deps.default_country, typed) else {
            return Ok(Rejection::PhoneRequired.into());
        };
        match self.choice {
            AccountChoice::AfterCode => self.send(attempt, (&contact, &[]), OTHER).await,
            AccountChoice::BeforeCode => {
                let holders = self.holders(&contact).await?;
                let rows = Rows { key: &self.deps.decoys, interaction: attempt.interaction, contact: &contact };
                let rows = rows.of(attempt, &holders);
                Ok(Progress::Ask(Step::SmsAccount { phone: self.deps.codes.keep(attempt, &contact)?, rows }))
            }
        }
    }

    /// The row: a code is sent that is good for it alone.
    async fn row(
        &self,
        attempt: &Attempt<'_>,
        form: &Form,
        (contact, rows): (&Contact, &[ChoiceRow]),
    ) -> Result<Progress, AuthnError> {
        let Some(handle) = form.filled(ACCOUNT) else {
            return Ok(Rejection::SelectRequired.into());
        };
        let offered = handle == OTHER || rows.iter().any(|row| row.handle == handle);
        self.send(attempt, (contact, rows), if offered { handle } else { UNCLEAR }).await
    }

    async fn send(
        &self,
        attempt: &Attempt<'_>,
        (contact, rows): (&Contact, &[ChoiceRow]),
        choice: &str,
    ) -> Result<Progress, AuthnError> {
        let holders = self.holders(contact).await?;
        let order = Order {
            purpose: CodePurpose::Login,
            contact,
            choice: Some(choice),
            delivery: if holders.is_empty() { Delivery::Withhold } else { Delivery::Send },
            known: holders.iter().find_map(|holder| attempt.browser.known_for(&holder.id)),
        };
        Ok(match self.deps.codes.send(attempt, &order).await? {
            Ok(sent) => Progress::Ask(Step::SmsCode { sent, rows: rows.to_vec() }),
            Err(rejection) => rejection.into(),
        })
    }

    /// The code.
    async fn code(&self, attempt: &Attempt<'_>, form: &Form, sent: &SentCode) -> Result<Progress, AuthnError> {
        let typed = match form.required(CODE) {
            Ok(typed) => typed,
            Err(rejection) => return Ok(rejection.into()),
        };
        let proven = match self.deps.codes.check(attempt, sent, typed).await? {
            Ok(proven) => proven,
            Err(rejection) => return Ok(rejection.into()),
        };
        let contact = self.deps.codes.contact(attempt.interaction, sent)?;
        let wish = match sent.choice() {
            None | Some(OTHER) => Wish::Any,
            Some(UNCLEAR) => Wish::Unclear,
            Some(handle) => Wish::Row(handle.to_owned()),
        };
        // Whoever had the number when the code was sent has it no more.
        let settled = self.proved(attempt).settle(&contact, wish).await?;
        Ok(settled.unwrap_or(Progress::Unregistered(proven)))
    }

    async fn holders(&self, contact: &Contact) -> Result<Vec<Principal>, AuthnError> {
        let contact = contact.clone();
        Ok(self.deps.store.read(move |tx| of_number(tx, &contact)).await?)
    }
}
