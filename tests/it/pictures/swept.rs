//! Bytes that nothing names, and those that something does.

use std::time::Duration;

use bytes::Bytes;
use greenlight::clock::Clock;
use greenlight::domain::content::image::PictureFile;
use greenlight::domain::ids::Digest;
use greenlight::domain::time::Time;
use greenlight::error::Code;
use greenlight::jobs::housekeeping::sweep_images;
use greenlight::store::{Lane, image_files};

use super::*;
use crate::support::{Backend, both};

/// The machine's time, by which the store says how old bytes are.
fn machine_time() -> Time {
    Clock::system().now()
}

/// Puts bytes into the store as an upload does before it commits.
fn put(app: &TestApp, item: ItemId, bytes: &'static [u8]) -> (ItemId, String) {
    let blobs = app.state().studio.blobs.clone();
    let name = Digest::of(bytes).hex().to_owned();
    run(blobs.put(item.uuid(), &name, Bytes::from_static(bytes))).unwrap();
    (item, name)
}

fn sweep(app: &TestApp, before: Time) -> usize {
    run(app.state().studio.sweep(before)).unwrap()
}

both! {
    fn bytes_that_nothing_names_are_swept_and_others_stay(app) {
        let picture = uploaded(app);
        let named: BTreeSet<_> = picture.names().into_iter().map(|name| (picture.item(), name)).collect();
        // Of an upload that never committed, and of a save that did not.
        let orphans = [
            put(app, ItemId::generate(), b"an upload that ended"),
            put(app, picture.item(), b"a save that ended"),
        ];
        let all: BTreeSet<_> = named.iter().cloned().chain(orphans).collect();
        let (past, future) =
            (machine_time().before(Duration::from_hours(1)), machine_time().after(Duration::from_hours(1)));
        assert_eq!(sweep(app, past), 0, "they are too young");
        assert_eq!(stored(app), all);
        assert_eq!(sweep(app, future), 2);
        assert_eq!(stored(app), named);
        assert_eq!(sweep(app, future), 0);
        for address in picture.addresses() {
            app.anonymous().get(&address).send().expect(200);
        }
    }

    fn bytes_of_an_item_of_another_kind_are_no_images(app) {
        let post = app.draft(|_| ());
        put(app, post.id.parse().unwrap(), b"not a picture of a post");
        assert_eq!(sweep(app, machine_time().after(Duration::from_hours(1))), 1);
        assert_eq!(stored(app), BTreeSet::new());
    }

    fn bytes_of_a_redacted_image_that_came_too_late_are_swept(app) {
        let picture = uploaded(app);
        picture.redact(app, 1).expect(200);
        put(app, picture.item(), b"a save that was overtaken");
        assert_eq!(sweep(app, machine_time().after(Duration::from_hours(1))), 1);
        assert_eq!(stored(app), BTreeSet::new());
    }
}

/// The files of an image as the store knows them.
fn files_of(picture: &Picture) -> Vec<PictureFile> {
    picture.files().into_iter().map(|file| serde_json::from_value(file).unwrap()).collect()
}

both! {
    fn a_file_that_was_removed_while_it_was_put_again_is_not_named(app) {
        let turned = |picture: &Picture, x: f64| {
            picture.saved(app, |content| content["focal_point"] = json!({ "x": x, "y": 0.5 }))
        };
        let left = turned(&uploaded(app), 0.1);
        turned(&left, 0.9);
        let (item, db, files) = (left.item(), &app.state().db, files_of(&left));
        let files: Vec<&PictureFile> = files.iter().collect();
        let announce = || db.write_now(Lane::Ordinary, |tx| image_files::announce(tx, item, &files));
        let name = || db.write_now(Lane::Ordinary, |tx| image_files::name(tx, item, &files));
        // A save back to the left that takes less than a day keeps its files from the sweep.
        app.advance(Duration::from_hours(25));
        announce().unwrap();
        run(sweep_images(app.state())).unwrap();
        name().unwrap();
        let turned_back = turned(&left.now(app), 0.8);
        // One that takes longer is refused, for it cannot know whether they are there.
        announce().unwrap();
        app.advance(Duration::from_hours(25));
        run(sweep_images(app.state())).unwrap();
        assert_eq!(name().unwrap_err().code, Code::Unavailable);
        assert_eq!(stored_of(app, &left), turned_back.names());
        announce().unwrap();
        name().unwrap();
    }
}

#[test]
fn the_job_leaves_bytes_for_a_day() {
    let app = TestApp::on_system_time(Backend::Sqlite);
    let orphan = put(&app, ItemId::generate(), b"an upload that goes on");
    run(sweep_images(app.state())).unwrap();
    assert_eq!(stored(&app), BTreeSet::from([orphan]));
}
