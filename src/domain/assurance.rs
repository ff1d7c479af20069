//! How surely we know who it is: `amr` and `acr`.

use super::names::named_enum;

named_enum! {
    /// How somebody proved who they are (RFC 8176; the vendors' are ours).
    Amr {
        /// Consent in the Alipay app.
        Alipay = "alipay",
        /// An upstream OpenID provider.
        Federated = "fed",
        /// A key in hardware.
        HardwareKey = "hwk",
        /// More than one factor.
        MultiFactor = "mfa",
        /// The carrier named the phone's number.
        OneTap = "one_tap",
        /// A one-time code.
        OneTimeCode = "otp",
        /// A password.
        Password = "pwd",
        /// A code sent to a phone.
        Sms = "sms",
        /// A key in software.
        SoftwareKey = "swk",
        /// Consent in the Taobao app.
        Taobao = "taobao",
        /// A scan in WeChat.
        WeChat = "wechat",
    }
}

named_enum! {
    /// Assurance that a sign-in reached; later levels are greater.
    Acr {
        /// One factor.
        Aal1 = "aal1",
    }
}

impl Acr {
    /// The levels that a sign-in can reach, as discovery lists them.
    #[must_use]
    pub fn supported() -> Vec<&'static str> {
        Self::ALL.iter().map(|acr| acr.as_str()).collect()
    }
}

/// What one sign-in proved.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Assurance {
    /// The means, without repeats.
    pub amr: Vec<Amr>,
    /// The level.
    pub acr: Acr,
}

impl Assurance {
    /// The names of the means, as tokens carry them.
    #[must_use]
    pub fn amr_names(&self) -> Vec<&'static str> {
        self.amr.iter().map(|amr| amr.as_str()).collect()
    }
}
