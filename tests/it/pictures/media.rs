//! Where pictures are fetched.

use std::time::Duration;

use super::*;
use crate::support::both;

/// The address with another part in the place of one.
fn tampered(address: &str, from: &str, to: &str) -> String {
    assert!(address.contains(from), "{address} has {from}");
    address.replacen(from, to, 1)
}

both! {
    fn a_file_is_fetched_with_what_browsers_need_to_know(app) {
        let png = files::transparent_png(320, 240);
        let picture = Picture::of(send(&app.author(), "image/png", &png).expect(201));
        for (file, address) in picture.files().iter().zip(picture.addresses()) {
            let answer = app.anonymous().get(&address).send().expect(200);
            assert_eq!(answer.header("Content-Type"), file["media_type"].as_str().unwrap());
            assert_eq!(answer.header("Content-Length"), answer.bytes.len().to_string());
            assert_eq!(answer.bytes.len(), file["bytes"]);
            assert_eq!(answer.header("ETag"), format!("\"{}\"", file["digest"].as_str().unwrap()));
            assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
            assert_eq!(answer.header("Accept-Ranges"), "bytes");
            // Made at nine, it ends at eleven.
            assert_eq!(answer.header("Cache-Control"), "private, max-age=7200, immutable");
            assert!(answer.header("Content-Security-Policy").contains("default-src 'none'"));

            let head = app.anonymous().request("HEAD".parse().unwrap(), &address).send().expect(200);
            assert_eq!(head.bytes, b"");
            for name in ["Content-Type", "Content-Length", "ETag", "Cache-Control", "Accept-Ranges"] {
                assert_eq!(head.header(name), answer.header(name), "{name}");
            }
        }
    }

    fn a_reader_who_has_a_file_gets_it_no_second_time(app) {
        let picture = uploaded(app);
        let (address, file) = (&picture.addresses()[0], &picture.files()[0]);
        let tag = format!("\"{}\"", file["digest"].as_str().unwrap());
        for tags in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let kept = app.anonymous().get(address).header("If-None-Match", tags).send().expect(304);
            assert_eq!((kept.bytes.len(), kept.header("ETag")), (0, tag.as_str()));
            assert_eq!(kept.header("Cache-Control"), "private, max-age=7200, immutable");
        }
        app.anonymous().get(address).header("If-None-Match", "\"other\"").send().expect(200);
    }

    fn a_range_of_a_file_is_fetched(app) {
        let picture = uploaded(app);
        let address = &picture.addresses()[0];
        let whole = app.anonymous().get(address).send().expect(200);
        let (size, tag) = (whole.bytes.len(), whole.header("ETag"));
        let reader = app.anonymous();
        let range = |range: &str| reader.get(address).header("Range", range);
        for (asked, first, end) in [
            ("bytes=0-9".to_owned(), 0, 10),
            ("bytes=0-".to_owned(), 0, size),
            ("bytes=-10".to_owned(), size - 10, size),
            (format!("bytes={}-", size - 1), size - 1, size),
            (format!("bytes=5-{}", size + 100), 5, size),
            (format!("bytes=-{}", size + 100), 0, size),
        ] {
            let part = range(&asked).send().expect(206);
            assert_eq!(part.bytes, whole.bytes[first..end], "{asked}");
            assert_eq!(part.header("Content-Range"), format!("bytes {first}-{}/{size}", end - 1));
            assert_eq!(part.header("Content-Length"), (end - first).to_string());
            assert_eq!((part.header("ETag"), part.header("Content-Type")), (tag, "image/jpeg"));
        }
        let beyond = format!("bytes={}-{}", size + 5, size + 9);
        for asked in [format!("bytes={size}-"), beyond, "bytes=-0".to_owned()] {
            let refused = range(&asked).send().problem("range_not_satisfiable");
            assert_eq!(refused.header("Content-Range"), format!("bytes */{size}"), "{asked}");
        }
        for asked in ["bytes=0-1,4-5", "bytes=9-3", "lines=1-2"] {
            assert_eq!(range(asked).send().expect(200).bytes, whole.bytes, "{asked}");
        }
        assert_eq!(range("bytes=0-9").header("If-Range", tag).send().expect(206).bytes, whole.bytes[..10]);
        let date = "Sat, 21 Nov 2026 09:00:00 GMT".to_owned();
        for other in ["\"other\"".to_owned(), format!("W/{tag}"), date] {
            let changed = range("bytes=0-9").header("If-Range", other).send().expect(200);
            assert_eq!(changed.bytes, whole.bytes);
        }
        range("bytes=0-9").header("If-None-Match", tag).send().expect(304);
    }

    fn an_address_ends_after_two_hours_at_most(app) {
        let picture = uploaded(app);
        let address = picture.addresses().remove(0);
        app.advance(Duration::from_secs(2 * 3600 - 1));
        let last = app.anonymous().get(&address).send().expect(200);
        assert_eq!(last.header("Cache-Control"), "private, max-age=1, immutable");
        app.advance(Duration::from_secs(1));
        app.anonymous().get(&address).send().problem("address_expired");
        let fresh = picture.now(app).addresses().remove(0);
        assert_ne!(fresh, address);
        app.anonymous().get(&fresh).send().expect(200);
    }

    fn an_address_that_was_not_made_here_leads_nowhere(app) {
        let (picture, other) = (uploaded(app), uploaded(app));
        let address = picture.addresses().remove(0);
        let expires = address.split_once("expires=").unwrap().1.split_once('&').unwrap().0;
        let later = (expires.parse::<i64>().unwrap() + 3600).to_string();
        let signature = address.split_once("signature=").unwrap().1;
        let reversed: String = signature.chars().rev().collect();
        for changed in [
            // Another item, of the same bytes; another file of the item; later; and another signature.
            tampered(&address, &picture.id, &other.id),
            tampered(&address, &hex(&picture.files()[0]), &hex(&picture.files()[1])),
            tampered(&address, ".jpg", ".png"),
            tampered(&address, expires, &later),
            tampered(&address, signature, &reversed),
            tampered(&address, signature, "A"),
        ] {
            app.author().get(&changed).send().problem("not_found");
        }
        app.author().get(address.split_once('?').unwrap().0).send().expect(400);
        app.anonymous().get(&address).send().expect(200);
    }
}
