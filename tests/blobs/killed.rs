//! Processes that are killed while they put.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::Utc;
use greenlight::store::blobs::{Blobs, S3Config};
use uuid::Uuid;

use crate::support::{Store, picture, say, sha256};

/// Where the child puts: a folder, or settings of object storage in TOML.
const FOLDER: &str = "GREENLIGHT_TEST_KILLED_FOLDER";
const S3: &str = "GREENLIGHT_TEST_KILLED_S3";
const SECRET: &str = "GREENLIGHT_TEST_KILLED_SECRET";

/// The length of its pictures in bytes.
const LENGTH: usize = 1_000_000;

/// What it says before it puts.
const BEGINS: &str = "begins";

#[tokio::test]
#[ignore = "is run by the tests below, and killed"]
async fn putting() {
    let blobs = match (std::env::var(FOLDER), std::env::var(S3)) {
        (Ok(folder), _) => Blobs::folder(folder.as_ref()).unwrap(),
        (_, Ok(settings)) => {
            let mut config: S3Config = toml::from_str(&settings).unwrap();
            config.secret_access_key = Some(std::env::var(SECRET).unwrap().into());
            Blobs::s3(&config).unwrap()
        }
        _ => return,
    };
    let item = Uuid::now_v7();
    let pictures: Vec<_> = (0..5).map(|seed| picture(seed, LENGTH)).collect();
    say(BEGINS);
    loop {
        for (sha256, bytes) in &pictures {
            blobs.put(item, sha256, bytes.clone()).await.unwrap();
        }
    }
}

fn child(variables: &[(&str, String)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["killed::putting", "--exact", "--ignored", "--nocapture"]);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Kills the child in the midst of a put, at another moment each time.
async fn put_and_kill(variables: &[(&str, String)], times: u64) {
    for time in 0..times {
        let mut child = child(variables).spawn().unwrap();
        let out = child.stderr.take().unwrap();
        let began = tokio::task::spawn_blocking(|| {
            let mut lines = BufReader::new(out).lines();
            assert!(lines.any(|line| line.unwrap() == BEGINS));
            lines
        });
        let _lines = began.await.unwrap();
        tokio::time::sleep(Duration::from_millis(150 + 17 * time)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Every blob that the list shows is whole.
async fn all_are_whole(store: &Store) -> usize {
    let listed = store.listed().await;
    for blob in &listed {
        assert_eq!(sha256(&store.bytes(blob.item, &blob.sha256).await.unwrap()), blob.sha256);
        assert_eq!(blob.size, LENGTH as u64);
    }
    listed.len()
}

#[tokio::test]
async fn in_a_folder_only_whole_blobs_are_listed() {
    let store = Store::in_folder();
    let folder = store.folder.as_ref().unwrap().path().to_str().unwrap().to_owned();
    put_and_kill(&[(FOLDER, folder)], 12).await;
    let whole = all_are_whole(&store).await;
    let left = store.blobs.remove_leftovers(Utc::now()).await.unwrap();
    say(&format!("killed while putting: {whole} whole blobs, {left} leftovers removed"));
    assert!(whole > 0);
    assert_eq!(all_are_whole(&store).await, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_object_storage_only_whole_blobs_are_listed() {
    let store = Store::in_s3().await;
    let config = store.config.as_ref().unwrap();
    let secret = config.secret_access_key.as_ref().unwrap().expose().to_owned();
    put_and_kill(&[(S3, toml::to_string(config).unwrap()), (SECRET, secret)], 8).await;
    // The server may still be storing what it was sent whole.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(all_are_whole(&store).await > 0);
}
