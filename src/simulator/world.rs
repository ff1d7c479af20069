//! The simulated world: its clock, its chance, its state and who waits for a
//! change of it. Every handler is given a `&World`; nothing is global.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::Simulator;
use super::aliyun::AliyunDesk;
use super::apps::Apps;
use super::carrier::CarrierTokens;
use super::codes::GrantDesk;
use super::faults::Faults;
use super::fixture::{self, Fixture};
use super::hook::HookDesk;
use super::inbox::{Mailbox, MessageInbox};
use super::journal::Journal;
use super::oidc::OidcDesk;
use super::people::People;
use super::phone::{NativeApp, PhoneState};
use super::wechat::WechatDesk;
use crate::base::{Entropy, SeededEntropy, SharedClock, SharedEntropy, Timestamp};

/// Letters and digits, as codes and tokens are made of.
const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether Aliyun's and Tencent's limits on text messages hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SmsLimits {
    /// As the vendors have them.
    #[default]
    Vendor,
    /// None: for load and for tests of something else.
    Off,
}

/// Everything that changes.
#[derive(Default)]
pub struct State {
    /// Who has an account with a vendor.
    pub people: People,
    /// Who is a vendor's customer.
    pub apps: Apps,
    /// Text messages that were sent.
    pub messages: MessageInbox,
    /// Mails that were sent.
    pub mails: Mailbox,
    /// WeChat's QR codes, codes and tokens.
    pub wechat: WechatDesk,
    /// Alipay's codes and tokens.
    pub alipay: GrantDesk,
    /// Taobao's.
    pub taobao: GrantDesk,
    /// The OpenID providers'.
    pub oidc: OidcDesk,
    /// What the webhook's receiver remembers.
    pub hook: HookDesk,
    /// Alibaba Cloud's nonces and codes.
    pub aliyun: AliyunDesk,
    /// Carriers' one-time tokens.
    pub carrier: CarrierTokens,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// The native app of the phone page.
    pub phone: PhoneState,
    /// What was asked and said.
    pub journal: Journal,
    /// Whether limits on text messages hold.
    pub sms_limits: SmsLimits,
}

/// One simulated world.
pub struct World {
    clock: SharedClock,
    /// Microseconds that the vendors' clock is ahead of ours.
    offset: AtomicI64,
    entropy: Mutex<SharedEntropy>,
    state: Mutex<State>,
    /// Woken when a text message arrives or the clock moves.
    pub arrivals: Notify,
    /// How long a poll is held.
    pub hold: Duration,
    /// What a provider is configured with.
    pub fixture: Fixture,
    /// How the native app of the phone page is registered, if there is one.
    pub native_app: Option<NativeApp>,
}

impl World {
    /// A world with the people and apps of its fixture.
    pub fn new(simulator: &Simulator, fixture: Fixture) -> Self {
        let mut state = State { sms_limits: simulator.sms_limits, ..State::default() };
        fixture::populate(&mut state, &fixture);
        Self {
            clock: Arc::clone(&simulator.clock),
            offset: AtomicI64::new(0),
            entropy: Mutex::new(Arc::clone(&simulator.entropy)),
            state: Mutex::new(state),
            arrivals: Notify::new(),
            hold: simulator.hold,
            fixture,
            native_app: simulator.native_app.clone(),
        }
    }

    /// The vendors' time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.now().micros().saturating_add(self.offset.load(Ordering::SeqCst)))
    }

    /// Moves the vendors' clock by `seconds` against ours.
    pub fn advance(&self, seconds: i64) {
        self.offset.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
        self.wake_all();
    }

    /// Sets the vendors' clock.
    pub fn set_clock(&self, to: Timestamp) {
        self.offset.store(to.micros().saturating_sub(self.clock.now().micros()), Ordering::SeqCst);
        self.wake_all();
    }

    /// The state, locked. Never held while waiting.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// `length` random letters and digits.
    pub fn random(&self, length: usize) -> String {
        let entropy: SharedEntropy = Arc::clone(&self.entropy.lock());
        random_text(&*entropy, length)
    }

    /// A random number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        let entropy: SharedEntropy = Arc::clone(&self.entropy.lock());
        entropy.below(bound)
    }

    /// Starts over; with a seed, what is random repeats.
    pub fn reset(&self, seed: Option<u64>) {
        if let Some(seed) = seed {
            *self.entropy.lock() = Arc::new(SeededEntropy::new(seed));
        }
        self.offset.store(0, Ordering::SeqCst);
        let mut state = self.state.lock();
        let mut fresh = State { sms_limits: state.sms_limits, ..State::default() };
        fixture::populate(&mut fresh, &self.fixture);
        let old = std::mem::replace(&mut *state, fresh);
        drop(state);
        old.wechat.wake_all();
        self.arrivals.notify_waiters();
    }

    fn wake_all(&self) {
        self.state.lock().wechat.wake_all();
        self.arrivals.notify_waiters();
    }
}

fn random_text(entropy: &dyn Entropy, length: usize) -> String {
    let count = u64::try_from(ALPHABET.len()).unwrap_or(1);
    let draw = |_| usize::try_from(entropy.below(count)).ok().and_then(|at| ALPHABET.get(at)).copied();
    (0..length).filter_map(draw).map(char::from).collect()
}
