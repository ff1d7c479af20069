//! Text messages: they leave at once, they leave once, and they leave while they
//! are of use.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use menshen::base::{Clock, SeededEntropy};
use menshen::connectors::{Class, SmsGateway, SmsReceipt, SmsRequest, VendorError};
use menshen::domain::{CodePurpose, Language};
use menshen::jobs::{Job, OutboxJob, SmsDelivery};
use menshen::keys::Vault;
use menshen::notify::{Channel, Content, Letter, Post, Sender, SmsSender};
use menshen::store::outbox;
use parking_lot::Mutex;
use rstest::rstest;
use tokio::sync::Notify;

use super::Cluster;
use crate::support::database::Backend::{self, Postgres, Sqlite};

/// A gateway that writes down what it is given.
#[derive(Default)]
struct Gateway {
    answers: Mutex<Vec<VendorError>>,
    taken: Mutex<Vec<String>>,
    arrived: Notify,
}

impl Gateway {
    /// Fails with these, the last first, and then takes everything.
    fn failing(answers: Vec<VendorError>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers), ..Self::default() })
    }

    fn count(&self) -> usize {
        self.taken.lock().len()
    }
}

#[async_trait]
impl SmsGateway for Gateway {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn send(&self, request: &SmsRequest<'_>) -> Result<SmsReceipt, VendorError> {
        let params = request.params.iter().map(|(name, value)| format!("{name}={value}"));
        self.taken.lock().push(params.collect::<Vec<_>>().join(" "));
        self.arrived.notify_one();
        self.answers.lock().pop().map_or(Ok(SmsReceipt { id: None }), Err)
    }
}

struct Office {
    cluster: Cluster,
    post: Post,
    gateway: Arc<Gateway>,
}

impl Office {
    fn open(backend: Backend, gateway: Arc<Gateway>) -> Self {
        let post = Post::new(Arc::new(Vault::from_bytes(&[4; 32])));
        Self { cluster: Cluster::new(backend), post, gateway }
    }

    fn job(&self) -> OutboxJob {
        let clock = Arc::new(self.cluster.clock.clone());
        let sender = Sender { name_zh: "门神".into(), name_en: "Menshen".into(), host: "id.example".into() };
        let sender = SmsSender::new(self.gateway.clone(), sender);
        let delivery = SmsDelivery::new(self.post.clone(), sender, clock.clone());
        let job = OutboxJob::new(self.cluster.store(), clock, vec![Arc::new(delivery)]);
        job.rung_by(Arc::clone(self.post.bell(Channel::Sms)))
    }

    async fn write(&self, key: &str, content: Content) {
        let until = self.cluster.clock.now() + Duration::from_secs(300);
        let letter = Letter { to: "+8613800000001".into(), language: Language::Chinese, until, content };
        let posted = self.post.seal(Channel::Sms, key.to_owned(), &letter, &SeededEntropy::new(3)).unwrap();
        self.cluster.store().write(move |tx| posted.put(tx)).await.unwrap();
    }

    async fn later(&self, job: &OutboxJob, seconds: u64) -> usize {
        self.cluster.clock.advance(Duration::from_secs(seconds));
        job.step().await.unwrap();
        self.gateway.count()
    }
}

fn code() -> Content {
    Content::Code { purpose: CodePurpose::Login, code: "123456".into() }
}

fn unavailable() -> VendorError {
    VendorError::new("test", Class::Unavailable, "of a test")
}

#[rstest]
#[tokio::test]
async fn a_letter_leaves_when_the_bell_rings_and_not_at_the_next_hour(#[values(Sqlite, Postgres)] backend: Backend) {
    let office = Office::open(backend, Arc::default());
    let running = office.cluster.node(1, vec![Arc::new(office.job())]).start();
    office.write("first", code()).await;
    office.post.ring(Channel::Sms);
    tokio::time::timeout(Duration::from_secs(30), office.gateway.arrived.notified()).await.unwrap();
    // From here on the job rests; each letter takes it less than its rest of a second.
    let begun = std::time::Instant::now();
    for key in ["a", "b", "c", "d", "e"] {
        office.write(key, code()).await;
        office.post.ring(Channel::Sms);
        tokio::time::timeout(Duration::from_secs(30), office.gateway.arrived.notified()).await.unwrap();
    }
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(4), "five letters took {taken:?}");
    running.stop().await;
    assert_eq!(
        office.gateway.taken.lock()[0],
        "code=123456 minutes=5 text=【门神】验证码 123456，5 分钟内有效，用于登录。请勿告知他人。\n@id.example #123456"
    );
}

#[rstest]
#[tokio::test]
async fn a_message_whose_fate_nobody_knows_is_not_sent_again(#[values(Sqlite, Postgres)] backend: Backend) {
    let silent = Gateway::failing(vec![unavailable().maybe()]);
    let office = Office::open(backend, silent);
    let job = office.job();
    office.write("one", code()).await;
    assert_eq!(office.later(&job, 0).await, 1);
    assert_eq!(office.later(&job, 100).await, 1, "it may have gone out");
    // A node that claims a message and dies may have sent it just before.
    office.write("two", code()).await;
    let end = office.cluster.clock.now() + Duration::from_secs(60);
    let claimed = office.cluster.store().write(move |tx| outbox::claim(tx, &["sms"], end, 10)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(office.later(&job, 61).await, 1, "the claim ran out");
    assert_eq!(office.later(&job, 61).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_message_that_surely_never_left_is_sent_again_while_it_is_of_use(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let throttled = VendorError::new("test", Class::Throttled { again_in: Some(Duration::from_secs(30)) }, "of a test");
    let office = Office::open(backend, Gateway::failing(vec![throttled, unavailable()]));
    let job = office.job();
    office.write("one", code()).await;
    assert_eq!(office.later(&job, 0).await, 1, "nobody answered");
    assert_eq!(office.later(&job, 3).await, 2, "the vendor wants no more for 30 s");
    assert_eq!(office.later(&job, 20).await, 2);
    assert_eq!(office.later(&job, 11).await, 3, "taken");
    assert_eq!(office.later(&job, 200).await, 3);
    office.gateway.answers.lock().extend([unavailable(), unavailable()]);
    office.write("two", code()).await;
    assert_eq!(office.later(&job, 0).await, 4);
    assert_eq!(office.later(&job, 301).await, 4, "its code is late by now");
    assert_eq!(office.later(&job, 301).await, 4);
}

#[rstest]
#[tokio::test]
async fn a_letter_that_says_nothing_goes_nowhere(#[values(Sqlite, Postgres)] backend: Backend) {
    let office = Office::open(backend, Arc::default());
    office.write("one", Content::Nothing).await;
    let job = office.job();
    assert_eq!(office.later(&job, 0).await, 0);
    let open = office.cluster.store().read(|tx| outbox::is_due(tx, &["sms"])).await.unwrap();
    assert!(!open, "it is done");
}
