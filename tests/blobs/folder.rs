//! What holds for a folder alone.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::Utc;
use greenlight::store::blobs::{BlobError, Blobs};
use uuid::Uuid;

use crate::support::{Store, picture};

fn images(store: &Store) -> PathBuf {
    store.folder.as_ref().unwrap().path().join("images")
}

#[tokio::test]
async fn a_blob_lies_under_its_item() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 10));
    store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    let folder = images(&store).join(item.to_string());
    assert_eq!(fs::read(folder.join(&sha256)).unwrap(), bytes);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[tokio::test]
async fn the_last_deletion_takes_the_folder_of_the_item() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 10));
    store.blobs.put(item, &sha256, bytes).await.unwrap();
    store.blobs.delete_item_blob(item, &sha256).await.unwrap();
    assert!(!images(&store).join(item.to_string()).exists());
    assert!(store.folder.as_ref().unwrap().path().exists());
}

#[tokio::test]
async fn a_put_that_was_cut_off_is_not_listed_and_goes_with_its_blob() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 10));
    let folder = images(&store).join(item.to_string());
    fs::create_dir_all(&folder).unwrap();
    for number in [1, 2, 17] {
        fs::write(folder.join(format!("{sha256}#{number}")), "half").unwrap();
    }
    assert!(store.listed().await.is_empty());
    assert!(store.blobs.read(item, &sha256, None).await.unwrap().is_none());
    store.blobs.put(item, &sha256, bytes).await.unwrap();
    assert_eq!(store.listed().await.len(), 1);
    store.blobs.delete_item_blob(item, &sha256).await.unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn leftovers_are_removed_when_they_are_old() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 10));
    store.blobs.put(item, &sha256, bytes).await.unwrap();
    let (other, (half, _)) = (Uuid::now_v7(), picture(2, 10));
    let hour = Duration::from_secs(3600);
    for (item, name, is_old) in [
        (item, format!("{half}#1"), true),
        (item, format!("{half}#2"), false),
        (other, format!("{half}#1"), true),
        (other, "note#1".to_owned(), true),
    ] {
        let path = images(&store).join(item.to_string()).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = File::create(path).unwrap();
        if is_old {
            file.set_modified(SystemTime::now() - 2 * hour).unwrap();
        }
    }
    assert_eq!(store.blobs.remove_leftovers(Utc::now() - hour).await.unwrap(), 2);
    assert_eq!(store.blobs.remove_leftovers(Utc::now() - hour).await.unwrap(), 0);
    assert_eq!(store.names().await.len(), 1);
    assert!(images(&store).join(other.to_string()).join("note#1").exists());
}

#[tokio::test]
async fn what_is_not_ours_is_passed_over() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 10));
    store.blobs.put(item, &sha256, bytes).await.unwrap();
    let images = images(&store);
    fs::write(images.join("README"), "").unwrap();
    fs::write(images.join(item.to_string()).join("thumbnail"), "").unwrap();
    fs::create_dir_all(images.join("lost+found").join("more")).unwrap();
    fs::write(images.join("lost+found").join(&sha256), "").unwrap();
    std::os::unix::fs::symlink("/nowhere", images.join("broken")).unwrap();
    assert_eq!(store.names().await.len(), 1);
}

#[tokio::test]
async fn a_file_that_becomes_shorter_ends_in_an_error() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 300_000));
    store.blobs.put(item, &sha256, bytes).await.unwrap();
    let part = store.blobs.read(item, &sha256, None).await.unwrap().unwrap();
    let path = images(&store).join(item.to_string()).join(&sha256);
    File::options().write(true).open(path).unwrap().set_len(100_000).unwrap();
    assert!(matches!(part.collect().await, Err(BlobError::Incomplete)));
}

#[tokio::test]
async fn what_is_open_is_read_to_its_end_though_it_is_deleted() {
    let (store, item, (sha256, bytes)) = (Store::in_folder(), Uuid::now_v7(), picture(1, 300_000));
    store.blobs.put(item, &sha256, bytes.clone()).await.unwrap();
    let part = store.blobs.read(item, &sha256, None).await.unwrap().unwrap();
    store.blobs.delete_item_blob(item, &sha256).await.unwrap();
    assert_eq!(part.collect().await.unwrap(), bytes);
}

#[tokio::test]
async fn the_folder_is_made_for_its_owner_only() {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("a").join("b");
    let blobs = Blobs::folder(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(blobs.place().contains("a/b"));
    blobs.check().await.unwrap();
    Blobs::folder(&path).unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_says_why() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Blobs::folder(&file), Err(BlobError::Failed(_))));
    let blobs = Blobs::folder(&outer.path().join("folder")).unwrap();
    fs::remove_dir_all(outer.path().join("folder")).unwrap();
    fs::write(outer.path().join("folder"), "").unwrap();
    let error = blobs.check().await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("Not a directory"), "{cause}");
}
