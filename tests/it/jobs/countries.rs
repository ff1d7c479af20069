//! The database of countries is read again when its file has changed.

use std::fs;
use std::path::Path;

use menshen::jobs::{Job, RereadCountries};

use crate::support::database::Backend;
use crate::support::idp::TestIdp;
use crate::support::mmdb;

fn database(letters: &'static str, name: &'static str) -> Vec<u8> {
    mmdb::database("GeoLite2-Country", &[("1.0.0.0/9", letters, name, name)])
}

/// Replaces the file as tools do: by renaming.
fn replace(file: &Path, bytes: &[u8]) {
    let new = file.with_extension("new");
    fs::write(&new, bytes).unwrap();
    fs::rename(new, file).unwrap();
}

#[actix_web::test]
async fn a_new_file_of_countries_is_taken_and_a_bad_one_leaves_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    replace(&file, &database("CN", "China"));
    let idp = TestIdp::configured(Backend::Sqlite, &[("geo.database", file.to_str().unwrap())]).await;
    let job = RereadCountries::new(idp.countries.clone());
    let country = || idp.countries.letters("1.2.3.4");
    let looked = async || {
        // One look that sees the change, one that sees it left alone.
        job.step().await.unwrap();
        job.step().await.unwrap();
    };
    looked().await;
    assert_eq!(country().as_deref(), Some("CN"));
    let other = database("SG", "Singapore");
    let torn = mmdb::torn(&other);
    let others = mmdb::database("GeoLite2-ASN", &[]);
    for bad in [&other[..other.len() / 2], b"", b"nothing of the kind", &others, &torn] {
        replace(&file, bad);
        looked().await;
        assert_eq!(country().as_deref(), Some("CN"));
    }
    fs::remove_file(&file).unwrap();
    looked().await;
    assert_eq!(country().as_deref(), Some("CN"));
    // While it grows it is not read.
    fs::write(&file, &other[..other.len() - 1]).unwrap();
    job.step().await.unwrap();
    fs::write(&file, &other).unwrap();
    job.step().await.unwrap();
    assert_eq!(country().as_deref(), Some("CN"), "changed since the last look");
    job.step().await.unwrap();
    assert_eq!(country().as_deref(), Some("SG"));
    let mut browser = idp.browser();
    browser.peer.set_ip("1.2.3.4".parse().unwrap());
    browser.sign_in(crate::support::house::OPS).await;
    assert_eq!(browser.open("/me/sessions").await.text("[data-country]").as_deref(), Some("Singapore"));
}
