//! Who carries letters here, and what that makes possible.

use std::sync::Arc;

use super::Parts;
use crate::config::SmsProvider;
use crate::flow::{ResetPolicy, SignUpPolicy};
use crate::identity::Notices;
use crate::notify::Channel;

impl Parts<'_> {
    /// The ways by which a letter leaves the house.
    fn channels(&self) -> Vec<Channel> {
        let sms = (self.config.sms.provider != SmsProvider::None).then_some(Channel::Sms);
        let mail = self.config.mail.host.is_some().then_some(Channel::Mail);
        sms.into_iter().chain(mail).collect()
    }

    pub(super) fn notices(&self) -> Notices {
        Notices::new(self.post.clone(), self.contacts.clone(), Arc::clone(self.entropy), self.channels())
    }

    /// A sign-up proves a phone number, so without a gateway there is none.
    pub(super) fn sign_up_policy(&self) -> SignUpPolicy {
        let reaches_phones = self.channels().contains(&Channel::Sms);
        if self.config.signup.enabled && reaches_phones { SignUpPolicy::Open } else { SignUpPolicy::Closed }
    }

    /// A reset needs somebody who carries its codes.
    pub(super) fn reset_policy(&self) -> ResetPolicy {
        if self.channels().is_empty() { ResetPolicy::Closed } else { ResetPolicy::Open }
    }
}
