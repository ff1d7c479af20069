//! Who carries letters here, and what that makes possible.

use std::sync::Arc;

use super::Parts;
use crate::flow::{ResetPolicy, SignUpPolicy};
use crate::identity::Notices;
use crate::notify::Channel;

impl Parts<'_> {
    pub(super) fn notices(&self) -> Notices {
        let entropy = Arc::clone(self.entropy);
        Notices::new(self.post.clone(), self.contacts.clone(), entropy, (self.config, self.vault))
    }

    /// A sign-up proves a phone number, so without a gateway there is none.
    pub(super) fn sign_up_policy(&self) -> SignUpPolicy {
        let reaches_phones = Channel::configured(self.config).contains(&Channel::Sms);
        if self.config.signup.enabled && reaches_phones { SignUpPolicy::Open } else { SignUpPolicy::Closed }
    }

    /// A reset needs somebody who carries its codes.
    pub(super) fn reset_policy(&self) -> ResetPolicy {
        if Channel::configured(self.config).is_empty() { ResetPolicy::Closed } else { ResetPolicy::Open }
    }
}
