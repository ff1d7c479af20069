//! Floor 6: what runs beside requests: sweeping, key rotation, the outbox, files that change.
//!
//! A [`Job`] is one step that can be repeated; the [`Runner`] repeats it, on one
//! node at a time where that matters, until it is stopped. `cli` starts the
//! runner with the server. Nothing here knows of HTTP.

mod back_channel_logout;
mod countries;
mod keys;
mod letters;
mod mail;
mod outbox;
mod runner;
mod sweep;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::Notify;

pub use back_channel_logout::BackChannelLogout;
pub use countries::RereadCountries;
pub use keys::{ReloadKeys, RotateKeys};
pub use letters::SmsDelivery;
pub use mail::MailDelivery;
pub use outbox::{Deliver, Message, OutboxJob, Undelivered};
pub use runner::{Runner, Running, Stepped};
pub use sweep::Sweep;
pub use tally::WriteTally;

use crate::app::App;
use crate::keys::keeper::KeeperError;
use crate::notify::Channel;
use crate::store::StoreError;

/// Why one step failed; the next one tries again.
#[derive(Debug, Error)]
pub enum JobError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeeperError),
}

/// On how many nodes a job runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// On one at a time, which holds its lease.
    OneNode,
    /// On each, for what it holds in memory.
    EveryNode,
}

/// Work that is repeated.
#[async_trait]
pub trait Job: Send + Sync {
    /// Its name, and that of its lease.
    fn name(&self) -> &'static str;

    /// How long it rests between two steps.
    fn every(&self) -> Duration;

    /// Where it runs.
    fn reach(&self) -> Reach;

    /// What cuts its rest short when it rings.
    fn bell(&self) -> Option<&Notify> {
        None
    }

    /// One step. It may be repeated at any time, and ends well within a minute.
    async fn step(&self) -> Result<(), JobError>;

    /// What is left to do when the server stops, on this node. Usually nothing.
    async fn last(&self) -> Result<(), JobError> {
        Ok(())
    }
}

/// The jobs of a running server.
#[must_use]
pub fn of_server(app: &App) -> Runner {
    let mut jobs: Vec<Arc<dyn Job>> = vec![
        Arc::new(RotateKeys::new(app.keeper.clone())),
        Arc::new(ReloadKeys::new(app.keeper.clone(), app.keys.clone())),
        Arc::new(Sweep::new(app.store.clone(), Arc::clone(&app.clock), app.config.audit.keep)),
        Arc::new(WriteTally::new(app.tokens.clone())),
    ];
    if app.config.geo.database.is_some() {
        jobs.push(Arc::new(RereadCountries::new(app.countries.clone())));
    }
    let logouts: Arc<dyn Deliver> = Arc::new(BackChannelLogout::new(app.tokens.clone(), app.outbound.clone()));
    jobs.push(Arc::new(OutboxJob::new(app.store.clone(), Arc::clone(&app.clock), vec![logouts])));
    for letters in of_letters(app) {
        jobs.push(Arc::new(letters));
    }
    Runner::new(app.store.clone(), Arc::clone(&app.clock), &*app.entropy, jobs)
}

/// Who delivers letters by what is configured: one job for each channel.
#[must_use]
pub fn of_letters(app: &App) -> Vec<OutboxJob> {
    let outbox = |deliverer: Arc<dyn Deliver>, channel| {
        let job = OutboxJob::new(app.store.clone(), Arc::clone(&app.clock), vec![deliverer]);
        job.rung_by(Arc::clone(app.post.bell(channel)))
    };
    let sms = app.sms.clone().map(|sender| {
        let delivery = SmsDelivery::new(app.post.clone(), sender, Arc::clone(&app.clock));
        outbox(Arc::new(delivery), Channel::Sms)
    });
    let mail = app.mailer.clone().map(|mailer| {
        let branding = app.config.branding.clone();
        let delivery = MailDelivery::new(app.post.clone(), mailer, branding, Arc::clone(&app.clock));
        outbox(Arc::new(delivery), Channel::Mail)
    });
    sms.into_iter().chain(mail).collect()
}
