//! The state that travels through a vendor and back.
//!
//! It needs no row until it comes back: the row of the interaction, when it ends,
//! a few random bytes, and a MAC over these and all that it is bound to (browser,
//! method, place). So a page with a QR code writes nothing and waits for nothing,
//! however many there are (docs/adr/0013).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::journey::Place;
use crate::base::id::{BrowserId, InteractionId};
use crate::base::{Entropy, OpaqueKind, OpaqueTokens, Secret, Timestamp, TokenHash};
use crate::keys::MacKey;

/// How long a person may be away.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
const HANDLE_LEN: usize = 8;
const EXPIRY_LEN: usize = 4;
const RANDOM_LEN: usize = 4;
const MAC_LEN: usize = 16;
const LEN: usize = HANDLE_LEN + EXPIRY_LEN + RANDOM_LEN + MAC_LEN;

/// Makes and reads states.
pub(super) struct States {
    key: MacKey,
    opaque: Arc<OpaqueTokens>,
}

/// What a state is made for.
#[derive(Clone, Copy)]
pub struct Bound<'a> {
    /// The browser that goes.
    pub browser: BrowserId,
    /// The interaction that it goes from.
    pub interaction: InteractionId,
    /// The method's name.
    pub method: &'a str,
    /// Which of the method's doors it goes through.
    pub place: Place,
}

/// A state of ours that came back to its own browser and method, in time.
#[derive(Clone)]
pub struct Returned {
    /// The interaction that it belongs to.
    pub interaction: InteractionId,
    /// The door that it went through.
    pub place: Place,
    /// When it would have ended.
    pub expires_at: Timestamp,
    /// As it came.
    text: String,
}

/// What came back.
pub enum Presented {
    /// Not ours, or of another browser or method.
    Foreign,
    /// Of this browser and method, too late.
    Late(InteractionId),
    /// Good, unless it was used before.
    Good(Returned),
}

impl States {
    pub(super) fn new(key: MacKey, opaque: Arc<OpaqueTokens>) -> Self {
        Self { key, opaque }
    }

    /// A new state: 64 lower-case hexadecimal digits, which every vendor takes.
    pub(super) fn make(&self, bound: Bound<'_>, now: Timestamp, entropy: &dyn Entropy) -> String {
        let handle = self.opaque.permute(OpaqueKind::Interaction, bound.interaction.row()).to_be_bytes();
        let expiry = u32::try_from((now + LIFETIME).seconds()).unwrap_or(u32::MAX).to_be_bytes();
        let random = entropy.bytes::<RANDOM_LEN>();
        let mac = self.mac(bound, expiry, random);
        let mac = mac.as_bytes().iter().take(MAC_LEN);
        hex(handle.iter().chain(&expiry).chain(&random).chain(mac))
    }

    /// Reads what came back to `browser` at the callback of `method`.
    pub(super) fn read(&self, text: &str, browser: BrowserId, method: &str, now: Timestamp) -> Presented {
        let Some((handle, expiry, random, shown)) = unhex(text).as_ref().and_then(split) else {
            return Presented::Foreign;
        };
        let interaction =
            InteractionId::new(self.opaque.unpermute(OpaqueKind::Interaction, u64::from_be_bytes(handle)));
        let is_of = |place: &Place| -> bool {
            let mac = self.mac(Bound { browser, interaction, method, place: *place }, expiry, random);
            mac.as_bytes().get(..MAC_LEN).is_some_and(|mac| mac.ct_eq(&shown).into())
        };
        let Some(place) = Place::ALL.into_iter().find(is_of) else {
            return Presented::Foreign;
        };
        let expires_at = Timestamp::from_seconds(u32::from_be_bytes(expiry).into());
        if now > expires_at {
            return Presented::Late(interaction);
        }
        Presented::Good(Returned { interaction, place, expires_at, text: text.to_owned() })
    }

    /// What an ID token must repeat (`nonce`).
    pub(super) fn nonce(&self, state: &str) -> String {
        self.derived(b"nonce", state)
    }

    /// What the exchange must show (PKCE `code_verifier`): 43 characters.
    pub(super) fn verifier(&self, state: &str) -> Secret<String> {
        Secret::new(self.derived(b"verifier", state))
    }

    fn derived(&self, label: &[u8], state: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.key.mac(&[label, state.as_bytes()]).as_bytes())
    }

    fn mac(&self, bound: Bound<'_>, expiry: [u8; EXPIRY_LEN], random: [u8; RANDOM_LEN]) -> TokenHash {
        self.key.mac(&[
            b"state",
            &bound.browser.row().to_be_bytes(),
            &bound.interaction.row().to_be_bytes(),
            bound.method.as_bytes(),
            bound.place.as_str().as_bytes(),
            &expiry,
            &random,
        ])
    }
}

impl Returned {
    /// As it came, for what is derived from it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

type Parts = ([u8; HANDLE_LEN], [u8; EXPIRY_LEN], [u8; RANDOM_LEN], [u8; MAC_LEN]);

fn split(bytes: &[u8; LEN]) -> Option<Parts> {
    let (handle, rest) = bytes.split_first_chunk()?;
    let (expiry, rest) = rest.split_first_chunk()?;
    let (random, rest) = rest.split_first_chunk()?;
    Some((*handle, *expiry, *random, *rest.first_chunk()?))
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    bytes.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Exactly so many lower-case digits: a text has one spelling, so that it is used
/// once.
fn unhex(text: &str) -> Option<[u8; LEN]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * LEN {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; LEN];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededEntropy;
    use crate::keys::{Purpose, Vault};

    const NOW: Timestamp = Timestamp::from_seconds(1_735_787_045);

    fn states() -> States {
        let vault = Vault::from_bytes(&[7; 32]);
        States::new(vault.mac_key(Purpose::UpstreamState), Arc::new(vault.opaque_tokens()))
    }

    fn bound() -> Bound<'static> {
        Bound {
            browser: BrowserId::new(3),
            interaction: InteractionId::new(5),
            method: "wechat",
            place: Place::Browser,
        }
    }

    fn good(presented: &Presented) -> bool {
        matches!(presented, Presented::Good(_))
    }

    #[test]
    fn a_state_is_64_lower_case_digits_and_no_two_are_alike() {
        let (states, entropy) = (states(), SeededEntropy::new(1));
        let one = states.make(bound(), NOW, &entropy);
        assert!(one.len() == 64 && one.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{one}");
        assert_ne!(one, states.make(bound(), NOW, &entropy));
    }

    #[test]
    fn a_state_is_good_for_its_own_browser_method_and_time_alone() {
        let (states, entropy) = (states(), SeededEntropy::new(1));
        let text = states.make(bound(), NOW, &entropy);
        let browser = bound().browser;
        match states.read(&text, browser, "wechat", NOW + LIFETIME) {
            Presented::Good(returned) => {
                assert_eq!((returned.interaction, returned.place), (bound().interaction, Place::Browser));
            }
            Presented::Foreign | Presented::Late(_) => panic!("refused"),
        }
        assert!(matches!(states.read(&text, BrowserId::new(4), "wechat", NOW), Presented::Foreign));
        // UP-03: delivered to the callback of another method.
        assert!(matches!(states.read(&text, browser, "alipay", NOW), Presented::Foreign));
        let late = NOW + LIFETIME + Duration::from_secs(1);
        assert!(matches!(states.read(&text, browser, "wechat", late), Presented::Late(_)));
    }

    #[test]
    fn the_door_that_it_went_through_comes_back_with_it() {
        let (states, entropy) = (states(), SeededEntropy::new(1));
        let text = states.make(Bound { place: Place::InsideWeChat, ..bound() }, NOW, &entropy);
        match states.read(&text, bound().browser, "wechat", NOW) {
            Presented::Good(returned) => assert_eq!(returned.place, Place::InsideWeChat),
            Presented::Foreign | Presented::Late(_) => panic!("refused"),
        }
    }

    #[test]
    fn no_digit_of_a_state_can_be_changed() {
        let (states, entropy) = (states(), SeededEntropy::new(1));
        let text = states.make(bound(), NOW, &entropy);
        for at in 0..text.len() {
            let other = if &text[at..=at] == "0" { "1" } else { "0" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(!good(&states.read(&changed, bound().browser, "wechat", NOW)), "{at}");
        }
        for odd in [text.to_uppercase(), format!("{text}0"), format!(" {text}"), String::new(), "x".repeat(10_240)] {
            assert!(!good(&states.read(&odd, bound().browser, "wechat", NOW)) || odd == text, "{odd}");
        }
    }

    #[test]
    fn nonce_and_verifier_are_of_one_state_and_unlike() {
        let states = states();
        assert_ne!(states.nonce("a"), states.nonce("b"));
        assert_ne!(&states.nonce("a"), states.verifier("a").expose());
        assert_eq!(states.verifier("a").expose().len(), 43);
    }
}
