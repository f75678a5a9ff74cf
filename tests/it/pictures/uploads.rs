//! Uploads that are taken, once each, many at once, and those that break off.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use greenlight::domain::roles::Scope;
use greenlight::store::blobs::{Blobs, S3Config};
use serde_json::json;

use super::*;
use crate::support::{Backend, both};

both! {
    fn each_type_is_taken_as_it_is_and_in_a_form(app) {
        for (media_type, bytes) in files::one_of_each() {
            let picture = Picture::of(send(&app.author(), media_type, &bytes).expect(201));
            // What has transparency or few colours stays sharp.
            let is_sharp = matches!(media_type, "image/png" | "image/gif");
            let stored_as = if is_sharp { "image/png" } else { "image/jpeg" };
            let file = &picture.content()["picture"];
            let facts = json!([file["media_type"], file["width"], file["height"]]);
            assert_eq!(facts, json!([stored_as, 320, 240]), "{media_type}");
            assert_eq!(picture.answer.header("Location"), picture.path(""));
            assert_eq!(picture.answer.header("ETag"), "\"1\"");
            assert_eq!(picture.working()["state"], "draft");
            assert_eq!(picture.content()["focal_point"], json!({ "x": 0.5, "y": 0.5 }));

            let focal_point = json!({ "x": 0.2, "y": 0.4 });
            let alt = json!({ "nl": "Een verloop van kleuren." });
            let content = json!({ "alt": alt, "focal_point": focal_point }).to_string();
            let parts: [(&str, &[u8]); 2] = [("content", content.as_bytes()), ("file", &bytes)];
            let in_form = Picture::of(send_form(&app.author(), &parts).expect(201));
            assert_eq!(in_form.content()["picture"], *file, "the same picture is the same file");
            assert_eq!(in_form.content()["alt"]["nl"], "Een verloop van kleuren.");
            assert_eq!(in_form.content()["focal_point"], focal_point);
            assert_eq!(stored_of(app, &picture), picture.names());
            assert_eq!(stored_of(app, &in_form), in_form.names());
        }
        assert_eq!(app.author().get("/v1/images").send().expect(200).list("/items").len(), 8);
    }

    fn what_a_file_is_its_bytes_tell(app) {
        let (_, png) = &files::one_of_each()[1];
        for media_type in ["image/jpeg", "application/octet-stream", "image/heic"] {
            let picture = Picture::of(send(&app.author(), media_type, png).expect(201));
            assert_eq!(picture.content()["picture"]["media_type"], "image/png");
        }
    }

    fn only_who_writes_content_uploads(app) {
        let bytes = files::jpeg(32, 24);
        send(&app.employee(), "image/jpeg", &bytes).problem("forbidden");
        send(&app.anonymous(), "image/jpeg", &bytes).problem("unauthenticated");
        send(&app.key([Scope::ContentWrite]), "image/jpeg", &bytes).problem("person_required");
        assert_nothing_made(app);
    }

    fn an_upload_sent_again_makes_one_image(app) {
        let upload = |bytes: &[u8], key: &str| {
            app.author().post("/v1/images").body("image/jpeg", bytes).idempotency_key(key).send()
        };
        let bytes = files::jpeg(320, 240);
        let first = Picture::of(upload(&bytes, "one").expect(201));
        let again = Picture::of(upload(&bytes, "one").expect(201));
        assert!(first.answer.headers.get("Idempotency-Replayed").is_none());
        assert_eq!(again.answer.header("Idempotency-Replayed"), "true");
        assert_eq!((&again.id, again.content()), (&first.id, first.content()));
        upload(&files::jpeg(32, 24), "one").problem("idempotency_key_reused");
        let other = Picture::of(upload(&bytes, "two").expect(201));
        assert_ne!(other.id, first.id);
        let both: BTreeSet<_> = [&first, &other]
            .into_iter()
            .flat_map(|picture| picture.names().into_iter().map(|name| (picture.item(), name)))
            .collect();
        assert_eq!(stored(app), both);
    }

    fn the_same_upload_sent_at_once_makes_one_image(app) {
        let (author, bytes) = (app.author(), files::jpeg(320, 240));
        let upload = || {
            author.post("/v1/images").body("image/jpeg", bytes.as_slice()).idempotency_key("one").send()
        };
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..4).map(|_| scope.spawn(upload)).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let made = answers.into_iter().map(|answer| Picture::of(answer.expect(201)));
        let pictures: Vec<Picture> = made.collect();
        let ids: BTreeSet<&str> = pictures.iter().map(|picture| picture.id.as_str()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(stored(app).len(), pictures[0].names().len(), "those that were too late left nothing");
    }

    fn an_upload_that_breaks_off_leaves_nothing(app) {
        let bytes = files::jpeg(320, 240);
        let half = &bytes[..bytes.len() / 2];
        for (length, body) in [
            (format!("Content-Length: {}", bytes.len()), half.to_vec()),
            ("Transfer-Encoding: chunked".to_owned(), chunk(half)),
        ] {
            let mut stream = begin(&app.author(), "image/jpeg", &length);
            stream.write_all(&body).unwrap();
            stream.flush().unwrap();
            // Long enough for the server to have read it.
            std::thread::sleep(Duration::from_millis(100));
            drop(stream);
        }
        // The server works on: what came later is done, and what broke off had its time.
        let other = uploaded(app);
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(app.author().get("/v1/images").send().expect(200).list("/items").len(), 1);
        assert_eq!(stored(app).len(), other.names().len());
    }

    fn an_upload_is_finished_though_nobody_waits_for_it(app) {
        let bytes = files::jpeg(640, 480);
        let mut stream = begin(&app.author(), "image/jpeg", &format!("Content-Length: {}", bytes.len()));
        stream.write_all(&bytes).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        drop(stream);
        let images = || app.author().get("/v1/images").send().expect(200).list("/items").to_vec();
        let began = Instant::now();
        while images().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(20), "the image is made");
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = images()[0]["id"].as_str().unwrap().to_owned();
        let picture = Picture::of(app.author().get(&format!("/v1/images/{id}")).send().expect(200));
        assert_eq!(stored_of(app, &picture), picture.names());
    }

    fn a_file_above_the_limit_is_not_read_to_its_end(app) {
        let limit = app.state().config.image_bytes as usize;
        let told = |mut stream: TcpStream| {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
            assert!(answer.contains("payload_too_large"), "{answer}");
        };
        // What says so at once is refused before its first byte.
        let length = format!("Content-Length: {}\r\nConnection: close", limit + 1);
        told(begin(&app.author(), "image/jpeg", &length));
        let chunked = "Transfer-Encoding: chunked\r\nConnection: close";
        let mut stream = begin(&app.author(), "image/jpeg", chunked);
        let mut sending = stream.try_clone().unwrap();
        let sender = std::thread::spawn(move || {
            let block = chunk(&vec![0xFF; 1 << 20]);
            // It fails when the server has heard enough.
            while sending.write_all(&block).is_ok() {}
        });
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(String::from_utf8_lossy(&head), "HTTP/1.1 413");
        drop(stream.shutdown(std::net::Shutdown::Both));
        sender.join().unwrap();
        assert_nothing_made(app);
    }

    fn many_uploads_at_once_are_all_taken_and_the_server_answers_meanwhile(app) {
        let (author, bytes) = (app.author(), files::jpeg(320, 240));
        let made: BTreeSet<String> = std::thread::scope(|scope| {
            let upload = || Picture::of(send(&author, "image/jpeg", &bytes).expect(201)).id;
            let started: Vec<_> = (0..20).map(|_| scope.spawn(upload)).collect();
            let mut asked = 0;
            while !started.iter().all(|upload| upload.is_finished()) {
                app.anonymous().get("/healthz").send().expect(200);
                asked += 1;
            }
            assert!(asked > 3, "asked {asked} times");
            started.into_iter().map(|upload| upload.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 20);
    }
}

/// Bytes as a chunk of a body.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Sends the head of an upload.
fn begin(client: &Client, media_type: &str, length: &str) -> TcpStream {
    let mut stream = TcpStream::connect(client.address()).unwrap();
    let (host, key) = (client.address(), fresh_key());
    let authorization = client.authorization();
    let head = format!(
        "POST /v1/images HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\
         Content-Type: {media_type}\r\nIdempotency-Key: {key}\r\n{length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn an_upload_without_its_store_is_refused_and_makes_nothing() {
    // Nobody listens there.
    let config = S3Config {
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        bucket: "pictures".to_owned(),
        region: "us-east-1".to_owned(),
        access_key_id: Some("id".to_owned()),
        secret_access_key: Some("secret".to_owned().into()),
        path_style: true,
        prefix: None,
        allow_http: true,
    };
    let blobs = Blobs::s3(&config).unwrap().with_deadline(Duration::from_millis(300));
    let app = TestApp::storing_in(Backend::Sqlite, blobs);
    let refused = send(&app.author(), "image/jpeg", &files::jpeg(320, 240)).problem("unavailable");
    assert!(!refused.text.contains("127.0.0.1:9"), "where the store is, the log says");
    assert_eq!(app.author().get("/v1/images").send().expect(200).list("/items").len(), 0);
    app.anonymous().get("/readyz").send().expect(200);
}
