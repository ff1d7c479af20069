//! Why a call gave nothing.

use std::path::PathBuf;

use reqwest::StatusCode;
use thiserror::Error;

/// Why a call gave nothing. Its text is for our log; it names hosts, never a body.
#[derive(Debug, Error)]
pub enum OutboundError {
    /// The file of extra roots cannot be used.
    #[error("outbound.ca_file {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No client could be built (no root certificates on this machine).
    #[error("no HTTP client: {0}")]
    Client(#[source] reqwest::Error),
    /// We do not call such a URL.
    #[error("the URL is not called: {0}")]
    Url(&'static str),
    /// Name, connection, TLS, time or protocol failed.
    #[error("the call failed: {}", chain(.0))]
    Failed(#[source] reqwest::Error),
    /// So many calls to this vendor are under way that none became free in time.
    #[error("too many calls to it are under way")]
    Crowded,
    /// The vendor gave no answer to many calls in a row and is not called for a while.
    #[error("it was silent for many calls and is not called for some seconds")]
    Resting,
    /// Another status than 200; redirects are among them.
    #[error("answered {0}")]
    Status(StatusCode),
    /// A body beyond [`super::MAX_BODY_LEN`].
    #[error("the answer is too long")]
    TooLong,
    /// Not the JSON that was expected.
    #[error("the answer is not the expected JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl OutboundError {
    /// Is it certain that the other side saw nothing of the call?
    #[must_use]
    pub fn never_left(&self) -> bool {
        match self {
            Self::CaFile { .. } | Self::Client(_) | Self::Url(_) | Self::Crowded | Self::Resting => true,
            Self::Failed(error) => error.is_connect() || error.is_builder(),
            Self::Status(_) | Self::TooLong | Self::Json(_) => false,
        }
    }
}

/// A URL may carry a secret in its query, so it does not go into the log.
pub(super) fn failed(error: reqwest::Error) -> OutboundError {
    OutboundError::Failed(error.without_url())
}

/// reqwest tells the cause in its sources alone.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
