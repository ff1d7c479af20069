//! A posted form: names and values, the values unprintable.

use std::collections::BTreeMap;

use super::rejection::Rejection;
use crate::base::Secret;

/// Field of the identifier: phone, e-mail, or `user@account`.
pub const USERNAME: &str = "username";
/// Field of the password.
pub const PASSWORD: &str = "password";
/// Field of the account's alias or id, when the identifier names none.
pub const ACCOUNT: &str = "account";
/// Field of the phone number, on the pages that take nothing else.
pub const PHONE: &str = "phone";
/// Field of a one-time code.
pub const CODE: &str = "code";
/// What the form that asks for another code sends.
pub const RESEND: &str = "resend";
/// The agreements' checkbox; any value means ticked.
pub const AGREE: &str = "agree";

/// What was posted to a login page. Values may be passwords, so none of them
/// can be formatted.
#[derive(Default)]
pub struct Form(BTreeMap<String, Secret<String>>);

impl Form {
    /// From the pairs of a form that has no repeated name; of repeats the first counts.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            fields.entry(name).or_insert_with(|| Secret::new(value));
        }
        Self(fields)
    }

    /// Sets a field that the page's path knows (`/login/iam/{account}`), unless
    /// the person filled it in.
    #[must_use]
    pub fn or(mut self, name: &str, value: &str) -> Self {
        if self.filled(name).is_none() {
            self.0.insert(name.to_owned(), Secret::new(value.to_owned()));
        }
        self
    }

    /// The field as posted, blank or not.
    #[must_use]
    pub fn posted(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose().as_str())
    }

    /// The field, when something but space was written into it.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.posted(name).filter(|value| !value.trim().is_empty())
    }

    /// The field, which must be filled.
    ///
    /// # Errors
    /// [`Rejection::FieldRequired`].
    pub fn required(&self, name: &'static str) -> Result<&str, Rejection> {
        self.filled(name).ok_or(Rejection::FieldRequired { field: name })
    }

    /// The password. Space is as good as any other character, so only an empty
    /// one counts as missing.
    ///
    /// # Errors
    /// [`Rejection::FieldRequired`].
    pub fn password(&self) -> Result<&str, Rejection> {
        let posted = self.posted(PASSWORD).filter(|value| !value.is_empty());
        posted.ok_or(Rejection::FieldRequired { field: PASSWORD })
    }

    /// Whether the agreements are ticked.
    ///
    /// # Errors
    /// [`Rejection::AgreeRequired`].
    pub fn agreed(&self) -> Result<(), Rejection> {
        self.filled(AGREE).map(|_| ()).ok_or(Rejection::AgreeRequired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Form {
        Form::new(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
    }

    #[test]
    fn a_blank_field_is_missing_but_a_password_of_spaces_is_a_password() {
        let form = form(&[(USERNAME, "  "), (PASSWORD, "        ")]);
        assert_eq!(form.required(USERNAME), Err(Rejection::FieldRequired { field: USERNAME }));
        assert_eq!(form.password(), Ok("        "));
    }

    #[test]
    fn the_path_fills_only_what_the_person_left_open() {
        assert_eq!(form(&[]).or(ACCOUNT, "acme").filled(ACCOUNT), Some("acme"));
        assert_eq!(form(&[(ACCOUNT, "globex")]).or(ACCOUNT, "acme").filled(ACCOUNT), Some("globex"));
    }

    #[test]
    fn an_unticked_box_is_refused() {
        assert_eq!(form(&[]).agreed(), Err(Rejection::AgreeRequired));
        assert_eq!(form(&[(AGREE, "on")]).agreed(), Ok(()));
    }
}
