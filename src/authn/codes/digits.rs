//! The digits of a code: drawn, and read as people type them.

use unicode_normalization::UnicodeNormalization;

use crate::base::Entropy;

const DIGITS: usize = 6;

/// Six digits, each as likely as another.
pub(super) fn fresh(entropy: &dyn Entropy) -> String {
    (0..DIGITS).map(|_| char::from_digit(u32::try_from(entropy.below(10)).unwrap_or(0), 10).unwrap_or('0')).collect()
}

/// A code as typed, in its one form: full-width digits, spaces and a dash in the
/// middle are what people and keyboards add.
pub(super) fn digits(typed: &str) -> String {
    typed.chars().take(64).nfkc().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;

    #[test]
    fn a_code_has_six_digits_and_every_digit_is_as_likely_as_another() {
        let entropy = SeededEntropy::new(1);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            let code = fresh(&entropy);
            assert_eq!(code.len(), DIGITS);
            for digit in code.chars().map(|c| c.to_digit(10).unwrap()) {
                counts[usize::try_from(digit).unwrap()] += 1;
            }
        }
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 6_000.0).powi(2) / 6_000.0).sum();
        // Nine degrees of freedom, p > 0.01.
        assert!(chi < 21.67, "{counts:?}");
    }

    #[test]
    fn a_code_may_be_typed_with_spaces_and_in_full_width() {
        for typed in ["123456", " 123 456 ", "123-456", "１２３４５６"] {
            assert_eq!(digits(typed), "123456", "{typed}");
        }
    }
}
