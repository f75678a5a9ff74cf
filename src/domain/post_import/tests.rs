#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// What comes of a file that arrives in these pieces.
fn read(format: Format, pieces: &[&[u8]]) -> (Vec<RawRow>, Result<(), Error>) {
    let mut reader = Rows::new(format, 100);
    let mut rows = Vec::new();
    let read = pieces.iter().try_for_each(|piece| reader.read(piece, &mut rows));
    let read = read.and_then(|()| reader.finish(&mut rows));
    (rows, read)
}

fn csv(text: &str) -> Vec<RawRow> {
    let (rows, read) = read(Format::Csv, &[text.as_bytes()]);
    read.unwrap();
    rows
}

fn json_of(row: &RawRow) -> Value {
    serde_json::from_str(row.json.as_ref().unwrap()).unwrap()
}

fn refused(format: Format, text: &[u8]) -> Error {
    read(format, &[text]).1.unwrap_err()
}

#[test]
fn a_line_is_a_row_and_an_empty_one_is_none() {
    let (rows, read) = read(Format::Ndjson, &[b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"b\":2}"]);
    read.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.row, row.line, json_of(row))).collect();
    assert_eq!(told, [(1, 1, json!({ "a": 1 })), (2, 4, json!({ "b": 2 }))]);
    assert!(super::tests::read(Format::Ndjson, &[]).0.is_empty());
}

#[test]
fn a_record_becomes_the_object_that_ndjson_would_have() {
    let rows = csv(
        "\u{feff}channels,external_id,title,text.nl,text.pt-BR.2,countries,groups,link,tips,topics\r\n\
         \"linkedin; x;\", p-1 ,Titel,\"Eerste \"\"regel\"\"\r\ntweede, met komma\",Olá,NL;BE,,https://example.com, Zeg iets ,\r\n\
         \r\n\
         ,p-2,,,Olá,,,,,\r\n",
    );
    let content = json!({
        "title": "Titel",
        "channels": ["linkedin", "x"],
        "copies": [
            { "id": "nl", "language": "nl", "text": "Eerste \"regel\"\r\ntweede, met komma" },
            { "id": "pt-br-2", "language": "pt-BR", "text": "Olá" },
        ],
        "audience": { "countries": ["NL", "BE"] },
        "link": { "url": "https://example.com" },
        "tips": " Zeg iets ",
    });
    assert_eq!(json_of(&rows[0]), json!({ "external_id": "p-1", "content": content }));
    let copies = json!([{ "id": "pt-br-2", "language": "pt-BR", "text": "Olá" }]);
    assert_eq!(json_of(&rows[1]), json!({ "external_id": "p-2", "content": { "copies": copies } }));
    let places: Vec<_> = rows.iter().map(|row| (row.row, row.line)).collect();
    assert_eq!(places, [(1, 2), (2, 5)]);
}

#[test]
fn a_fault_names_the_column_that_it_lies_in() {
    let rows = csv("external_id,text.nl,text.en,link,countries\n1,,Hello,x,NL\n");
    let column = |pointer: &str| {
        let mut faults = vec![Fault::body(pointer, "invalid_value", "")];
        rows[0].columns.name(&mut faults);
        faults[0].extra.get("column").and_then(Value::as_str).map(str::to_owned)
    };
    assert_eq!(column("/content/copies/0/text").as_deref(), Some("text.en"));
    assert_eq!(column("/content/copies").as_deref(), Some("text.<language>"));
    assert_eq!(column("/content/link/url").as_deref(), Some("link"));
    assert_eq!(column("/content/audience/countries/0").as_deref(), Some("countries"));
    assert_eq!(column("/content/title").as_deref(), Some("title"));
    assert_eq!(column("/external_id").as_deref(), Some("external_id"));
    assert_eq!(column("/content/titles"), None);
}

#[test]
fn a_record_of_another_length_is_a_row_that_is_refused() {
    let rows = csv("external_id,title\n1\n2,b,c\n3,d\n");
    let codes: Vec<_> = rows.iter().map(|row| row.json.as_ref().err().map(|fault| fault.code)).collect();
    assert_eq!(codes, [Some("wrong_columns"), Some("wrong_columns"), None]);
}

#[test]
fn a_header_with_other_separators_says_so() {
    let error = refused(Format::Csv, b"external_id;title\n1;x\n");
    assert!(error.errors[0].detail.ends_with("separated by commas."), "{error:?}");
}

#[test]
fn a_header_that_is_not_known_refuses_the_file() {
    for (header, code, column) in [
        ("external_id,titel\n", "unknown_column", "titel"),
        ("external_id,text\n", "unknown_column", "text"),
        ("external_id,text.nl.x\n", "unknown_column", "text.nl.x"),
        ("external_id,text.nl.\n", "unknown_column", "text.nl."),
        ("external_id,title,\n", "unknown_column", ""),
        ("external_id,title,title\n", "duplicate_column", "title"),
        ("external_id,text.nl,text.NL\n", "duplicate_column", "text.NL"),
        ("title\n", "missing_column", "external_id"),
    ] {
        let error = refused(Format::Csv, header.as_bytes());
        assert_eq!((error.code, error.errors[0].code), (Code::InvalidRequest, code), "{header}");
        assert_eq!(error.errors[0].extra["column"], column, "{header}");
    }
    assert_eq!(refused(Format::Csv, b"").errors[0].code, "missing_header");
    assert_eq!(refused(Format::Csv, b"\n\n").errors[0].code, "missing_header");
}

#[test]
fn a_file_that_goes_wrong_keeps_the_rows_before() {
    let broken = |format, text: &[u8]| {
        let (rows, read) = read(format, &[text]);
        let error = read.unwrap_err();
        (rows.len(), error.code, error.extra.get("line").and_then(Value::as_i64))
    };
    let invalid = Code::InvalidRequest;
    let csv = |rest: &[u8]| broken(Format::Csv, &[b"external_id,title\n1,a\n", rest].concat());
    assert_eq!(csv(b"2,\"cut off"), (1, invalid, Some(3)));
    assert_eq!(csv(b"2,\"cut off\n\n3,c\n"), (1, invalid, Some(3)));
    assert_eq!(csv(b"2,\"\n"), (1, invalid, Some(3)));
    assert_eq!(csv(b"2,\xff\n3,c\n"), (1, invalid, Some(3)));
    assert_eq!(csv(&[b"2,", ",".repeat(300).as_bytes()].concat()), (1, invalid, Some(3)));
    let long = "x".repeat(ROW_BYTES_MAX);
    assert_eq!(csv(&[b"2,\"", long.as_bytes(), b"\"\n"].concat()), (1, Code::PayloadTooLarge, Some(3)));
    let ndjson = |rest: &[u8]| broken(Format::Ndjson, &[b"{}\n", rest].concat());
    assert_eq!(ndjson(b"{\"\xff\n{}"), (1, invalid, Some(2)));
    assert_eq!(ndjson(&[long.as_bytes(), b"x\n"].concat()), (1, Code::PayloadTooLarge, Some(2)));
    assert_eq!(ndjson("{}\n".repeat(100).as_bytes()), (100, Code::PayloadTooLarge, Some(101)));
}

#[test]
fn an_external_id_can_be_seen() {
    for text in ["1", "Post 12/a", "é".repeat(200).as_str()] {
        assert!(text.parse::<ExternalId>().is_ok(), "{text}");
    }
    for text in ["", " ", " a", "a ", "a\nb", "a\u{202e}b", "\u{200d}", "é".repeat(201).as_str()] {
        assert!(text.parse::<ExternalId>().is_err(), "{text:?}");
    }
}

/// Cuts bytes at these places.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn outcome(format: Format, pieces: &[&[u8]]) -> (Vec<RawRow>, Option<String>) {
    let (rows, read) = read(format, pieces);
    (rows, read.err().map(|error| format!("{error} {:?}", error.extra)))
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_rows(
        rest in "([a-z,\"\r\n{};é\u{feff}]|\"\"|\r\n){0,60}",
        mark in any::<bool>(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mark = if mark { "\u{feff}" } else { "" };
        let text = format!("{mark}external_id,title\r\n{rest}");
        for format in Format::ALL {
            let whole = outcome(format, &[text.as_bytes()]);
            prop_assert_eq!(&outcome(format, &pieces(text.as_bytes(), &cuts)), &whole);
            let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            prop_assert_eq!(&outcome(format, &single), &whole);
        }
    }

    #[test]
    fn quoted_cells_come_back_as_they_were_and_where_they_were(
        cells in prop::collection::vec(("[ -~é]{0,9}", "[ -~\r\n,\"é]{0,20}"), 0..6),
        crlf in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("external_id,tips{end}");
        let mut expected = Vec::new();
        for (id, tips) in &cells {
            expected.push((i64::try_from(text.matches('\n').count()).unwrap() + 1, id.clone(), tips.clone()));
            let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
            text.push_str(&format!("{},{}{end}", quoted(id), quoted(tips)));
        }
        let rows = csv(&text);
        prop_assert_eq!(rows.len(), expected.len());
        for (row, (line, id, tips)) in rows.iter().zip(&expected) {
            prop_assert_eq!(row.line, *line);
            let value = json_of(row);
            prop_assert_eq!(value["external_id"].as_str().unwrap_or_default(), id.trim());
            if !tips.trim().is_empty() {
                prop_assert_eq!(value["content"]["tips"].as_str(), Some(tips.as_str()));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in Format::ALL {
            let _ = read(format, &[b"external_id\n", &bytes]);
            let _ = read(format, &[&bytes]);
        }
    }
}
