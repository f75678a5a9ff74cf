//! Object storage that does not work, and how soon that is said.

use std::collections::BTreeSet;
use std::net::ToSocketAddrs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt};
use greenlight::store::blobs::{BlobError, Blobs, S3Config};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::canned::{self, Then};
use crate::support::server::{BUCKET, Server};
use crate::support::{Store, picture, say};

/// The errors of every operation.
async fn errors(blobs: &Blobs) -> Vec<BlobError> {
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(1, 1000));
    let (put, read, deleted, listed, checked) = tokio::join!(
        blobs.put(item, &sha256, bytes),
        blobs.read(item, &sha256, None),
        blobs.delete_item_blob(item, &sha256),
        blobs.list().try_collect::<Vec<_>>(),
        blobs.check(),
    );
    let errors =
        [put.err(), read.err(), deleted.err(), listed.err(), checked.err()].into_iter().flatten().collect();
    for error in &errors {
        let shown = told(error);
        assert!(!shown.contains("sesame"), "{shown}");
    }
    errors
}

/// An error with its causes.
fn told(error: &BlobError) -> String {
    let mut words = format!("{error:?} {error}");
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        words.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    words
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let server = Server::start().await;
    for (id, secret) in [("AKIDEXAMPLE", "sesame-2"), ("SOMEBODY", "open-sesame")] {
        let config = S3Config {
            access_key_id: Some(id.to_owned()),
            secret_access_key: Some(secret.to_owned().into()),
            ..server.config()
        };
        let errors = errors(&Blobs::s3(&config).unwrap()).await;
        assert_eq!(errors.len(), 5);
        for error in errors {
            assert!(matches!(error, BlobError::Refused(_)), "{}", told(&error));
        }
    }
}

#[tokio::test]
async fn an_answer_that_repeats_a_token_is_not_shown() {
    let body = "HTTP/1.1 403 Forbidden\r\nContent-Length: 149\r\nConnection: close\r\n\r\n\
        <Error><Code>SignatureDoesNotMatch</Code><Message>No match.</Message>\
        <CanonicalRequest>x-amz-security-token:sesame</CanonicalRequest></Error>          ";
    let (config, _) = canned::serve(Box::leak(Box::new([body])), Then::Close).await;
    for error in errors(&Blobs::s3(&config).unwrap()).await {
        assert!(told(&error).contains("SignatureDoesNotMatch: No match."), "{}", told(&error));
    }
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_said_soon() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let began = Instant::now();
    let errors = errors(&Blobs::s3(&canned::config(&format!("http://{address}"))).unwrap()).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(errors.len(), 5);
    for error in errors {
        assert!(told(&error).contains("refused"), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_said_soon() {
    let began = Instant::now();
    let errors = errors(&Blobs::s3(&canned::config("http://store.invalid")).unwrap()).await;
    assert!(began.elapsed() < Duration::from_secs(11), "{:?}", began.elapsed());
    assert_eq!(errors.len(), 5);
}

#[tokio::test]
async fn a_store_that_hangs_is_given_up() {
    let (config, _) = canned::serve(&[""], Then::Hang).await;
    let began = Instant::now();
    let errors = errors(&Blobs::s3(&config).unwrap().with_deadline(Duration::from_millis(300))).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(errors.len(), 5);
    for error in errors {
        assert!(matches!(error, BlobError::Timeout(_)), "{}", told(&error));
    }
}

#[tokio::test]
#[ignore = "waits for the ten seconds that a store is given"]
async fn a_store_that_hangs_is_given_up_after_ten_seconds() {
    let (config, _) = canned::serve(&[""], Then::Hang).await;
    let began = Instant::now();
    assert_eq!(errors(&Blobs::s3(&config).unwrap()).await.len(), 5);
    assert!((9..12).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

const HALF: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nLast-Modified: Mon, 05 Oct 2026 10:00:00 GMT\r\n\r\nhalf";

#[tokio::test]
async fn a_store_that_hangs_within_a_blob_is_given_up() {
    let (config, _) = canned::serve(&[HALF], Then::Hang).await;
    let blobs = Blobs::s3(&config).unwrap().with_deadline(Duration::from_millis(300));
    let mut part = blobs.read(Uuid::now_v7(), &picture(1, 1).0, None).await.unwrap().unwrap();
    assert_eq!(part.bytes.next().await.unwrap().unwrap(), "half");
    assert!(matches!(part.bytes.next().await, Some(Err(BlobError::Timeout(_)))));
    assert!(part.bytes.next().await.is_none());
}

#[tokio::test]
async fn a_blob_that_is_cut_off_ends_in_an_error() {
    let (config, _) = canned::serve(&[HALF], Then::Close).await;
    let part = Blobs::s3(&config).unwrap().read(Uuid::now_v7(), &picture(1, 1).0, None).await;
    assert!(part.unwrap().unwrap().collect().await.is_err());
}

#[tokio::test]
async fn a_fault_of_the_store_is_tried_again_and_then_said() {
    let busy = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let done = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (config, requests) = canned::serve(Box::leak(Box::new([busy, busy, done])), Then::Close).await;
    Blobs::s3(&config).unwrap().check().await.unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    let (config, requests) = canned::serve(Box::leak(Box::new([busy])), Then::Close).await;
    let began = Instant::now();
    assert!(matches!(Blobs::s3(&config).unwrap().check().await, Err(BlobError::Failed(_))));
    assert_eq!(requests.load(Ordering::SeqCst), 4);
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_empty_store() {
    let server = Server::start().await;
    let config = S3Config { bucket: "other".to_owned(), ..server.config() };
    let blobs = Blobs::s3(&config).unwrap();
    assert!(blobs.list().try_collect::<Vec<_>>().await.is_err());
    let body = "HTTP/1.1 404 Not Found\r\nContent-Length: 40\r\nConnection: close\r\n\r\n\
        <Error><Code>NoSuchBucket</Code></Error>";
    let (config, _) = canned::serve(Box::leak(Box::new([body])), Then::Close).await;
    let errors = errors(&Blobs::s3(&config).unwrap()).await;
    assert_eq!(errors.len(), 5);
    for error in errors {
        assert!(told(&error).contains("NoSuchBucket"), "{}", told(&error));
    }
}

#[tokio::test]
async fn encryption_is_spoken_where_it_is_asked_for() {
    let (config, _) = canned::serve(&["HTTP/1.1 200 OK\r\n\r\n"], Then::Close).await;
    let endpoint = config.endpoint.unwrap().replace("http:", "https:");
    for error in errors(&Blobs::s3(&canned::config(&endpoint)).unwrap()).await {
        let told = told(&error);
        assert!(told.contains("InvalidMessage") || told.contains("corrupt message"), "{told}");
    }
}

#[tokio::test]
async fn two_prefixes_of_a_bucket_are_two_stores() {
    let server = Server::start().await;
    let at = |prefix: Option<&str>| {
        let config = S3Config { prefix: prefix.map(str::to_owned), ..server.config() };
        Blobs::s3(&config).unwrap()
    };
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(1, 100));
    at(Some("green/light")).put(item, &sha256, bytes.clone()).await.unwrap();
    at(Some("green/light")).check().await.unwrap();
    let path = format!("{BUCKET}/green/light/images/{item}/{sha256}");
    assert_eq!(std::fs::read(server.root.path().join(path)).unwrap(), bytes);
    assert!(server.root.path().join(BUCKET).join("green/light/check").exists());
    for (prefix, expected) in
        [(Some("green/light"), 1), (Some("/green/light/"), 1), (Some("green"), 0), (None, 0)]
    {
        let listed: Vec<_> = at(prefix).list().try_collect().await.unwrap();
        assert_eq!(listed.len(), expected, "{prefix:?}");
    }
    let names: BTreeSet<_> =
        at(Some("green/light")).list().map_ok(|blob| blob.item).try_collect().await.unwrap();
    assert_eq!(names, BTreeSet::from([item]));
}

/// Needs a machine on which names below `localhost` lead to it; not all do.
#[tokio::test]
async fn the_bucket_may_stand_before_the_host() {
    let server = Server::start().await;
    let host = format!("localhost:{}", server.address.port());
    if format!("{BUCKET}.{host}").to_socket_addrs().is_err() {
        say(&format!("not tested: {BUCKET}.localhost does not resolve here"));
        return;
    }
    let config = S3Config { path_style: false, endpoint: Some(format!("http://{host}")), ..server.config() };
    let blobs = Blobs::s3(&config).unwrap();
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(1, 100));
    blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    let path = server.root.path().join(format!("{BUCKET}/images/{item}/{sha256}"));
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    assert_eq!(blobs.list().try_collect::<Vec<_>>().await.unwrap().len(), 1);
}

#[tokio::test]
async fn more_than_a_page_is_listed() {
    let store = Store::in_s3().await;
    if store.config.as_ref().unwrap().prefix.is_some() {
        say("not tested: a thousand objects are not put into a store that others may use");
        return;
    }
    let item = Uuid::now_v7();
    for seed in 0..1100_u32 {
        let bytes = bytes::Bytes::copy_from_slice(&seed.to_be_bytes());
        store.blobs.put(item, &crate::support::sha256(&bytes), bytes).await.unwrap();
    }
    assert_eq!(store.names().await.len(), 1100);
}
