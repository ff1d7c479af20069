//! What the derived keys are for. Used by `vault`, named by everybody who asks it.

/// What a derived key is for. Two purposes never share a key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Purpose {
    /// Hashes of the random part of opaque tokens.
    TokenHash,
    /// Permutation of row numbers in opaque tokens.
    TokenHandle,
    /// Hashes of client secrets.
    ClientSecretHash,
    /// Tokens in forms against cross-site requests.
    Csrf,
    /// Private parts of signing keys.
    SigningKeySeal,
    /// Phone numbers and e-mail addresses at rest.
    IdentifierSeal,
    /// Blind index over identifiers.
    IdentifierLookup,
    /// Pepper of passwords and of other credentials.
    CredentialPepper,
    /// Messages that wait in the outbox.
    OutboxSeal,
    /// Names of throttle buckets, so that the table names nobody.
    ThrottleKey,
    /// Secrets inside a stored interaction.
    InteractionSeal,
    /// Opaque names of people, given to clients as `login_hint`.
    LoginHint,
    /// Rows of the chooser that stand for no account.
    Decoy,
    /// The chain of audit rows.
    AuditChain,
    /// Hashes of one-time codes.
    OneTimeCode,
    /// States that travel through a vendor and back.
    UpstreamState,
    /// Hashes of what may be used once.
    UsedOnce,
    /// Hashes of upstream identities.
    BindingKey,
    /// Names of upstream identities at rest.
    BindingSeal,
}

impl Purpose {
    /// The `info` of HKDF. Changing one makes what it protects unreadable.
    pub(super) const fn info(self) -> &'static [u8] {
        match self {
            Self::TokenHash => b"token hash",
            Self::TokenHandle => b"token handle",
            Self::ClientSecretHash => b"client secret hash",
            Self::Csrf => b"csrf",
            Self::SigningKeySeal => b"signing key seal",
            Self::IdentifierSeal => b"identifier seal",
            Self::IdentifierLookup => b"identifier lookup",
            Self::CredentialPepper => b"credential pepper",
            Self::OutboxSeal => b"outbox seal",
            Self::ThrottleKey => b"throttle key",
            Self::InteractionSeal => b"interaction seal",
            Self::LoginHint => b"login hint",
            Self::Decoy => b"decoy",
            Self::AuditChain => b"audit chain",
            Self::OneTimeCode => b"one-time code",
            Self::UpstreamState => b"upstream state",
            Self::UsedOnce => b"used once",
            Self::BindingKey => b"binding key",
            Self::BindingSeal => b"binding seal",
        }
    }
}
