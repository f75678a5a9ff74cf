//! What holds for every store.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use futures_util::StreamExt;
use futures_util::future::join_all;
use greenlight::store::blobs::BlobError;
use uuid::Uuid;

use crate::support::{Store, picture};

/// Each function becomes a test on a folder and one on object storage.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod in_folder {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Store::in_folder()).await;
            })*
        }

        mod in_s3 {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Store::in_s3().await).await;
            })*
        }
    };
}

on_every_store! {
    what_is_put_is_read,
    a_range_is_read,
    what_is_absent_is_none,
    a_deleted_blob_is_gone,
    the_list_shows_every_blob,
    the_same_may_be_put_again,
    puts_of_the_same_may_meet,
    puts_and_deletions_of_an_item_may_meet,
    only_names_of_blobs_are_taken,
    the_store_can_be_checked,
}

async fn what_is_put_is_read(store: Store) {
    let item = Uuid::now_v7();
    for length in [0, 1, 65_536, 65_537, 3_000_000] {
        let (sha256, bytes) = picture(1, length);
        store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
        let mut part = store.blobs.read(item, &sha256, None).await.unwrap().unwrap();
        assert_eq!((part.size, part.range.clone()), (length as u64, 0..length as u64));
        let (mut read, mut pieces) = (Vec::new(), 0);
        while let Some(piece) = part.bytes.next().await {
            read.extend_from_slice(&piece.unwrap());
            pieces += 1;
        }
        assert!(read == bytes, "{length}");
        assert!(length < 1_000_000 || pieces > 5, "a large blob comes in pieces, not in {pieces}");
    }
}

async fn a_range_is_read(store: Store) {
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(2, 200_000));
    store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    let read = async |range: Range<u64>| store.blobs.read(item, &sha256, Some(range)).await;
    for (asked, given) in [
        (0..1, 0..1),
        (0..200_000, 0..200_000),
        (65_000..140_000, 65_000..140_000),
        (199_999..200_000, 199_999..200_000),
        (150_000..u64::MAX, 150_000..200_000),
    ] {
        let part = read(asked.clone()).await.unwrap().unwrap();
        assert_eq!((part.size, part.range.clone()), (200_000, given.clone()), "{asked:?}");
        let expected = bytes.slice(given.start as usize..given.end as usize);
        assert!(part.collect().await.unwrap() == expected, "{asked:?}");
    }
    #[allow(clippy::reversed_empty_ranges)]
    for asked in [200_000..200_001, 300_000..400_000, 5..5, 7..3] {
        let error = read(asked.clone()).await.err();
        assert!(matches!(error, Some(BlobError::Range { size: 200_000 })), "{asked:?}: {error:?}");
    }
}

async fn what_is_absent_is_none(store: Store) {
    let (item, other, (sha256, bytes)) = (Uuid::now_v7(), Uuid::now_v7(), picture(3, 10));
    assert!(store.listed().await.is_empty());
    assert!(store.blobs.read(item, &sha256, None).await.unwrap().is_none());
    store.blobs.put(item, &sha256, bytes).await.unwrap();
    let (absent, _) = picture(4, 10);
    for (item, sha256) in [(item, &absent), (other, &sha256)] {
        assert!(store.blobs.read(item, sha256, None).await.unwrap().is_none());
        assert!(store.blobs.read(item, sha256, Some(0..1)).await.unwrap().is_none());
        assert!(store.blobs.read(item, sha256, Some(5..5)).await.unwrap().is_none());
        store.blobs.delete_item_blob(item, sha256).await.unwrap();
    }
}

async fn a_deleted_blob_is_gone(store: Store) {
    let (item, other) = (Uuid::now_v7(), Uuid::now_v7());
    let ((sha256, bytes), (more, more_bytes)) = (picture(5, 1000), picture(6, 1000));
    for item in [item, other] {
        store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    }
    store.blobs.put(item, &more, more_bytes).await.unwrap();
    store.blobs.delete_item_blob(item, &sha256).await.unwrap();
    assert_eq!(store.bytes(item, &sha256).await, None);
    assert_eq!(store.names().await, BTreeSet::from([(item, more.clone()), (other, sha256.clone())]));
    assert_eq!(store.bytes(other, &sha256).await, Some(bytes.clone()));
    store.blobs.delete_item_blob(item, &more).await.unwrap();
    store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    assert_eq!(store.bytes(item, &sha256).await, Some(bytes));
}

async fn the_list_shows_every_blob(store: Store) {
    let began = Utc::now();
    let items: Vec<_> = (0..3).map(|_| Uuid::now_v7()).collect();
    let mut expected = BTreeSet::new();
    for seed in 0..20 {
        let (sha256, bytes) = picture(seed, 100 + usize::from(seed));
        let item = items[usize::from(seed) % 3];
        store.blobs.put(item, &sha256, bytes).await.unwrap();
        expected.insert((item, sha256));
    }
    store.blobs.check().await.unwrap();
    assert_eq!(store.names().await, expected);
    for blob in store.listed().await {
        assert!((100..120).contains(&blob.size));
        let age = blob.modified_at.signed_duration_since(began);
        assert!(age.num_seconds().abs() <= 60, "{age}");
    }
}

async fn the_same_may_be_put_again(store: Store) {
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(7, 5000));
    store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    let first = store.listed().await[0].modified_at;
    // Object storage may tell times by the second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    assert_eq!(store.names().await.len(), 1);
    assert!(store.listed().await[0].modified_at > first);
    assert_eq!(store.bytes(item, &sha256).await, Some(bytes));
}

async fn puts_of_the_same_may_meet(store: Store) {
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(8, 300_000));
    let puts = (0..16).map(|_| store.blobs.put(item, &sha256, bytes.clone()));
    for outcome in join_all(puts).await {
        outcome.unwrap();
    }
    assert_eq!(store.names().await, BTreeSet::from([(item, sha256.clone())]));
    assert_eq!(store.bytes(item, &sha256).await, Some(bytes));
    assert_eq!(store.blobs.remove_leftovers(Utc::now()).await.unwrap(), 0);
}

async fn puts_and_deletions_of_an_item_may_meet(store: Store) {
    let item = Uuid::now_v7();
    let pictures: Vec<_> = (0..4).map(|seed| picture(seed, 100)).collect();
    for _ in 0..25 {
        let puts = pictures.iter().map(async |(sha256, bytes)| {
            store.blobs.put(item, sha256, bytes.clone()).await.unwrap();
            store.blobs.delete_item_blob(item, sha256).await.unwrap();
        });
        join_all(puts).await;
    }
    assert!(store.listed().await.is_empty());
}

async fn only_names_of_blobs_are_taken(store: Store) {
    let (item, (sha256, bytes)) = (Uuid::now_v7(), picture(9, 10));
    let (other, _) = picture(10, 10);
    let mismatch = store.blobs.put(item, &other, bytes.clone()).await;
    assert!(matches!(mismatch, Err(BlobError::Mismatch)));
    let (upper, longer) = (sha256.to_uppercase(), format!("{sha256}0"));
    for odd in ["", "../../escape", "check", upper.as_str(), longer.as_str()] {
        assert!(matches!(store.blobs.put(item, odd, bytes.clone()).await, Err(BlobError::Name)), "{odd}");
        assert!(matches!(store.blobs.read(item, odd, None).await, Err(BlobError::Name)), "{odd}");
        assert!(matches!(store.blobs.delete_item_blob(item, odd).await, Err(BlobError::Name)), "{odd}");
    }
    assert!(store.listed().await.is_empty());
}

async fn the_store_can_be_checked(store: Store) {
    for _ in 0..2 {
        store.blobs.check().await.unwrap();
    }
    assert!(store.listed().await.is_empty());
    assert!(!format!("{:?}", store.blobs).contains("sesame"));
    assert_eq!(store.blobs.remove_leftovers(Utc::now()).await.unwrap(), 0);
    let empty = store.blobs.put(Uuid::now_v7(), &picture(0, 0).0, Bytes::new()).await;
    empty.unwrap();
}
