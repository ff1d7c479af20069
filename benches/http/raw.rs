//! What nothing can avoid, measured in the same run: a signature, a password
//! hash, and an actix-web server that says hello.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use actix_web::{App, HttpServer, rt, web};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use menshen::authn::hashing::{Arena, Cost, Hasher, NormalPassword};
use menshen::config::Config;
use zeroize::Zeroizing;

use crate::child::{Child, cpu_of, free_address};

const EACH: Duration = Duration::from_secs(1);
/// As long as the signing input of an ID token.
const MESSAGE: [u8; 600] = [b'm'; 600];

/// Processor time of each, in µs.
#[derive(Clone, Copy, Debug)]
pub struct Raw {
    pub es256: f64,
    pub rs256: f64,
    pub argon2id: f64,
}

impl Raw {
    pub fn measure() -> Self {
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let mut signature = vec![0; rsa.public_modulus_len()];
        let config = Config::from_parts("", []).expect("the defaults");
        let hasher = Hasher::new(Zeroizing::new([7; 32]), Cost::configured(&config.hashing)).expect("a hasher");
        let password = NormalPassword::new("open-the-red-gate-1").expect("a password");
        let mut arena = Arena::default();
        Self {
            es256: each(|| {
                ec.sign(&random, &MESSAGE).expect("a signature");
            }),
            rs256: each(|| rsa.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature).expect("a signature")),
            argon2id: each(|| drop(hasher.hash(&password, &[5; 16], &mut arena).expect("a hash"))),
        }
    }
}

/// Processor time of this process for one piece of work, in µs: wall time would
/// count whoever shares the machine.
fn each(mut work: impl FnMut()) -> f64 {
    work();
    let (began, cpu, mut done) = (Instant::now(), cpu_of("/proc/self/stat"), 0_u32);
    while began.elapsed() < EACH {
        work();
        done += 1;
    }
    (cpu_of("/proc/self/stat").saturating_sub(cpu)).as_secs_f64() * 1e6 / f64::from(done)
}

/// The server that says hello, as a child of this process.
pub fn hello() -> Child {
    let address = free_address();
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--hello", &address.to_string()]);
    Child::start(command, address, "/")
}

/// The same from inside, with the settings of the provider's own loop.
pub fn serve_hello(address: SocketAddr) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let server = HttpServer::new(|| App::new().route("/", web::get().to(|| async { "hello" })))
        .workers(cores)
        .keep_alive(Duration::from_secs(60))
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(1));
    rt::System::new().block_on(server.bind(address).expect("a port").run()).expect("hello");
}
