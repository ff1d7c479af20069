//! Which passwords people may choose: long enough, and hard to guess for
//! somebody who knows the person. No rules of composition, no forced change
//! (NIST SP 800-63B §5.1.1.2). All lists are in the binary; pure.

use zxcvbn::feedback::Warning;
use zxcvbn::zxcvbn;

use super::hashing::NormalPassword;
use crate::config;

/// Words of this product; a password made of them is the first to be tried.
const HOUSE_WORDS: &[&str] = &["menshen", "menshen2026", "门神", "console", "cloud", "admin", "root", "登录"];
/// So many characters must be the person's own invention.
const OWN_INVENTION: usize = 4;
/// Words shorter than this are parts of too many passwords to mean anything.
const SHORTEST_WORD: usize = 3;

/// Why a password is refused, for the page to say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weakness {
    /// Fewer characters than needed.
    TooShort {
        /// So many are needed.
        least: u32,
    },
    /// More than 4,096 bytes.
    TooLong,
    /// Hardly more than the person's own name, e-mail or phone.
    OwnWords,
    /// Among those that everybody uses, or like one of them.
    Common,
    /// A pattern that is guessed soon: rows of keys, repeats, sequences, dates, a single word.
    Guessable,
}

impl Weakness {
    /// The name in `data-code` of the page.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::OwnWords => "password_own_words",
            Self::Common => "password_common",
            Self::Guessable => "password_guessable",
        }
    }
}

/// For command lines; pages have their own texts by [`Weakness::code`].
impl std::fmt::Display for Weakness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooShort { least } => write!(f, "the password needs at least {least} characters"),
            Self::TooLong => write!(f, "the password is longer than {} bytes", NormalPassword::MAX_BYTES),
            Self::OwnWords => f.write_str("the password is hardly more than a name, e-mail or phone of its owner"),
            Self::Common => f.write_str("the password is one that many people use"),
            Self::Guessable => f.write_str("the password follows a pattern that is guessed soon"),
        }
    }
}

/// The rules in force.
#[derive(Clone, Copy, Debug)]
pub struct PasswordPolicy {
    min_length: u32,
    min_score: u8,
}

impl PasswordPolicy {
    /// The configured rules.
    #[must_use]
    pub fn configured(settings: &config::Password) -> Self {
        Self { min_length: settings.min_length, min_score: u8::try_from(settings.min_score).unwrap_or(u8::MAX) }
    }

    /// Judges a new password of somebody with these words of their own: names,
    /// e-mail addresses, phone numbers.
    ///
    /// # Errors
    /// The first reason to refuse it.
    pub fn judge(&self, password: &str, own: &[&str]) -> Result<(), Weakness> {
        if password.len() > NormalPassword::MAX_BYTES {
            return Err(Weakness::TooLong);
        }
        if password.chars().count() < usize::try_from(self.min_length).unwrap_or(usize::MAX) {
            return Err(Weakness::TooShort { least: self.min_length });
        }
        let words = words_of(own);
        if is_made_of(password, &words) {
            return Err(Weakness::OwnWords);
        }
        let known: Vec<&str> = words.iter().map(String::as_str).chain(HOUSE_WORDS.iter().copied()).collect();
        let estimate = zxcvbn(password, &known);
        if u8::from(estimate.score()) >= self.min_score {
            return Ok(());
        }
        Err(match estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
            Some(
                Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
                | Warning::ThisIsSimilarToACommonlyUsedPassword,
            ) => Weakness::Common,
            Some(
                Warning::StraightRowsOfKeysAreEasyToGuess
                | Warning::ShortKeyboardPatternsAreEasyToGuess
                | Warning::RepeatsLikeAaaAreEasyToGuess
                | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess
                | Warning::SequencesLikeAbcAreEasyToGuess
                | Warning::RecentYearsAreEasyToGuess
                | Warning::AWordByItselfIsEasyToGuess
                | Warning::DatesAreOftenEasyToGuess
                | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
                | Warning::CommonNamesAndSurnamesAreEasyToGuess,
            )
            | None => Weakness::Guessable,
        })
    }
}

/// The words in what the person is called, longest first: the whole, its parts,
/// and a phone number also without its country code.
fn words_of(own: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for text in own {
        let lower = text.to_lowercase();
        words.extend(lower.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        if let Some(digits) = lower.strip_prefix('+') {
            words.extend((1..=3).filter_map(|code| digits.get(code..)).map(str::to_owned));
        }
        words.push(lower);
    }
    words.retain(|word| word.chars().count() >= SHORTEST_WORD);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.dedup();
    words
}

/// Whether little is left of a password without the person's own words.
fn is_made_of(password: &str, words: &[String]) -> bool {
    let whole = password.to_lowercase();
    let rest = words.iter().fold(whole.clone(), |rest, word| rest.replace(word.as_str(), ""));
    rest != whole && rest.chars().filter(|c| c.is_alphanumeric()).count() < OWN_INVENTION
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[&str] = &["ops@acme.example", "+8613800000001", "Acme 运维"];

    fn judge(password: &str) -> Result<(), Weakness> {
        PasswordPolicy { min_length: 8, min_score: 3 }.judge(password, OWN)
    }

    #[test]
    fn the_passwords_that_everybody_tries_first_are_refused_with_their_reason() {
        assert_eq!(judge("password"), Err(Weakness::Common));
        assert_eq!(judge("qwerty123456"), Err(Weakness::Common));
        assert_eq!(judge("letmein2024"), Err(Weakness::Common));
        assert_eq!(judge("Menshen2026!"), Err(Weakness::Guessable));
        assert_eq!(judge("aaaaaaaaaaaa"), Err(Weakness::Guessable));
        assert_eq!(judge("iloveyou1"), Err(Weakness::Common));
        assert_eq!(judge("1q2w3e4r5t"), Err(Weakness::Common));
    }

    #[test]
    fn what_a_person_is_called_is_no_password_with_a_digit_either() {
        for own in ["ops@acme.example1", "OPS@acme.example9", "13800000001a", "+86138000000012", "acme运维-ops"] {
            assert_eq!(judge(own), Err(Weakness::OwnWords), "{own}");
        }
    }

    #[test]
    fn seven_characters_are_too_few_and_characters_are_not_bytes() {
        assert_eq!(judge("x9$kQ2!"), Err(Weakness::TooShort { least: 8 }));
        assert_eq!(judge("红门神守夜人"), Err(Weakness::TooShort { least: 8 }));
        assert_eq!(judge(&"x".repeat(4_097)), Err(Weakness::TooLong));
    }

    #[test]
    fn a_phrase_of_ones_own_is_accepted_whatever_it_is_made_of() {
        for good in ["open-the-red-gate-1", "红色大门今晚为谁而开呢", "correct horse battery staple", "x9$kQ2!vT0"]
        {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
    }
}
