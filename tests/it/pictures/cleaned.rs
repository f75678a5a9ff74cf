//! What is stored: nothing of what the file told, upright, in every size that channels ask for.

use greenlight::domain::images::suitable;

use super::files::{SECRET, assert_plain, contains, telling_jpeg, telling_png, turned_jpeg};
use super::*;
use crate::support::both;

/// Every file of an image, as it is fetched.
fn fetched(app: &TestApp, picture: &Picture) -> Vec<(Value, Vec<u8>)> {
    let fetch = |address: &String| app.anonymous().get(address).send().expect(200).bytes;
    picture.files().into_iter().zip(picture.addresses().iter().map(fetch)).collect()
}

both! {
    fn nothing_that_a_file_told_is_left_in_any_size(app) {
        let camera = include_bytes!("coffee-with-gps.jpg").to_vec();
        assert!(contains(&camera, b"Exif"));
        for (media_type, bytes) in
            [("image/jpeg", telling_jpeg()), ("image/png", telling_png()), ("image/jpeg", camera)]
        {
            let picture = Picture::of(send(&app.author(), media_type, &bytes).expect(201));
            let files = fetched(app, &picture);
            assert!(files.len() > 3);
            for (file, bytes) in files {
                assert!(!contains(&bytes, SECRET));
                assert_plain(&bytes, file["media_type"].as_str().unwrap());
            }
        }
    }

    fn a_picture_is_turned_upright(app) {
        for (orientation, size, corners) in [
            // From the upper left: black, red, green, yellow; turned to the right, green comes first.
            (6, [240, 320], [[0, 255], [0, 0], [255, 255], [255, 0]]),
            (8, [240, 320], [[255, 0], [255, 255], [0, 0], [0, 255]]),
            (3, [320, 240], [[255, 255], [0, 255], [255, 0], [0, 0]]),
        ] {
            let bytes = turned_jpeg(320, 240, orientation);
            let picture = Picture::of(send(&app.author(), "image/jpeg", &bytes).expect(201));
            for (file, bytes) in fetched(app, &picture) {
                let pixels = image::load_from_memory(&bytes).unwrap().to_rgb8();
                let (width, height) = pixels.dimensions();
                assert_eq!(json!([file["width"], file["height"]]), json!([width, height]));
                let is_whole = width * size[1] == height * size[0];
                if is_whole {
                    let places = [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)];
                    for ((x, y), wanted) in places.into_iter().zip(corners) {
                        let found = pixels.get_pixel(x, y).0;
                        let near = |found: u8, wanted: u8| found.abs_diff(wanted) < 16;
                        let is_near = near(found[0], wanted[0]) && near(found[1], wanted[1]);
                        assert!(is_near, "{orientation}: {found:?}");
                    }
                }
            }
            let picture = &picture.content()["picture"];
            assert_eq!(json!([picture["width"], picture["height"]]), json!(size));
        }
    }

    fn a_file_suits_each_channel_and_is_what_the_content_says(app) {
        for (media_type, bytes) in
            [("image/jpeg", files::jpeg(1400, 1000)), ("image/png", files::transparent_png(320, 240))]
        {
            let picture = Picture::of(send(&app.author(), media_type, &bytes).expect(201));
            for (file, bytes) in fetched(app, &picture) {
                assert_eq!(file["bytes"], bytes.len());
                assert_eq!(file["digest"], greenlight::domain::ids::Digest::of(&bytes).as_str());
                let pixels = image::load_from_memory(&bytes).unwrap();
                assert_eq!(json!([file["width"], file["height"]]), json!([pixels.width(), pixels.height()]));
            }
            let files = serde_json::from_value(json!({
                "picture": picture.content()["picture"], "renditions": picture.content()["renditions"],
            }));
            let files = files.unwrap();
            let channels = app.state().context.channels.iter().filter(|channel| channel.images_max > 0);
            let mut suited = 0;
            for channel in channels {
                let file = suitable(&files, channel).unwrap_or_else(|| panic!("nothing for {}", channel.id));
                assert!(channel.image_max_bytes == 0 || file.bytes <= channel.image_max_bytes);
                let aspect = f64::from(file.width) / f64::from(file.height);
                let recommended = channel.image_recommended.iter().any(|[width, height]| {
                    (aspect * f64::from(*height) / f64::from(*width) - 1.0).abs() < 0.01
                });
                assert!(recommended || channel.image_recommended.is_empty(), "{}", channel.id);
                suited += 1;
            }
            assert!(suited > 10);
        }
    }
}
