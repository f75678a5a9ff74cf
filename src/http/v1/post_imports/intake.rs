//! A file on its way in: its pieces are cut into rows, parsed as `POST /v1/posts` parses a body, and given to
//! the import. The command line takes files the same way.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::super::posts::PostContent;
use crate::app::actor::Actor;
use crate::app::context::Context;
use crate::app::post_imports::{Import, Parsed, Row};
use crate::domain::content::Content;
use crate::domain::ids::{Digest, PostImportId};
use crate::domain::post_import::{ExternalId, Format, ROWS_MAX, RawRow, Rows};
use crate::error::{Code, Error, Result};
use crate::http::extract::checked;
use crate::store::Db;
use crate::store::post_imports::Counts;

/// A row of a file: a draft as `POST /v1/posts` takes it, under the name that it has where it comes from.
#[derive(Debug, Deserialize, Serialize, Validate)]
struct ImportedDraft {
    external_id: ExternalId,
    #[validate(nested)]
    content: PostContent,
}

/// The part of a row that names it, for rows that are wrong elsewhere.
#[derive(Deserialize)]
struct Named {
    external_id: ExternalId,
}

/// An import and the file that it reads. Its functions block.
pub struct Intake {
    rows: Rows,
    import: Import,
}

impl Intake {
    /// Begins an import.
    pub fn begin(db: Db, context: Arc<Context>, actor: Actor, format: Format) -> Result<Self> {
        let import = Import::begin(db, context, actor, format)?;
        Ok(Self { rows: Rows::new(format, ROWS_MAX), import })
    }

    /// The import's id.
    pub fn id(&self) -> PostImportId {
        self.import.id()
    }

    /// How many rows have their result.
    pub fn counts(&self) -> Counts {
        self.import.counts()
    }

    /// Takes a piece of the file. After an error the import is to be interrupted.
    pub fn read(&mut self, piece: &[u8]) -> Result<()> {
        let mut raw = Vec::new();
        let read = self.rows.read(piece, &mut raw);
        self.take(raw, read)
    }

    /// Ends the import at the end of the file. After an error it is to be interrupted.
    pub fn finish(&mut self) -> Result<()> {
        let mut raw = Vec::new();
        let read = self.rows.finish(&mut raw);
        self.take(raw, read)?;
        self.import.finish()
    }

    /// Ends the import before the end of the file, and answers the reason with the import and the row.
    pub fn interrupt(&mut self, reason: Error) -> Error {
        self.import.interrupt(reason)
    }

    /// The rows before a fault of the file count.
    fn take(&mut self, raw: Vec<RawRow>, read: Result<()>) -> Result<()> {
        let rows = raw.into_iter().map(parse).collect::<Result<_>>()?;
        self.import.take(rows)?;
        read
    }
}

fn parse(raw: RawRow) -> Result<Row> {
    let RawRow { row, line, json, columns } = raw;
    let parsed = match json {
        Ok(json) => parse_json(&json)?,
        Err(fault) => {
            let error = Error::new(Code::InvalidRequest, fault.detail.clone()).fault(fault);
            Parsed::Faulty { external_id: None, error }
        }
    };
    Ok(Row { row, line, columns, parsed })
}

fn parse_json(json: &str) -> Result<Parsed> {
    match checked::<ImportedDraft>(json.as_bytes()) {
        Ok(ImportedDraft { external_id, content }) => {
            let content: Content = content.into();
            let digest = Digest::of(content.to_json()?.as_bytes());
            Ok(Parsed::Draft { external_id, content, digest })
        }
        Err(error) => {
            let named = serde_json::from_str::<Named>(json).ok();
            Ok(Parsed::Faulty { external_id: named.map(|named| named.external_id), error })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::{Value, json};

    use super::*;
    use crate::error::Fault;
    use crate::http::v1::items::{ItemDraft, ItemKind};
    use crate::http::v1::posts::PostKind;

    fn faults(parsed: Parsed) -> Vec<Fault> {
        match parsed {
            Parsed::Faulty { error, .. } => error.errors,
            Parsed::Draft { .. } => panic!("the row is a draft"),
        }
    }

    #[test]
    fn a_row_is_the_draft_that_the_same_content_is_by_hand() {
        let row = json!({ "external_id": "p-1", "content": PostKind::example_content() });
        let Parsed::Draft { content, digest, .. } = parse_json(&row.to_string()).unwrap() else {
            panic!("the row is refused")
        };
        assert_eq!(content, Content::parse(PostKind::KIND, &PostKind::example_content()).unwrap());
        assert_eq!(digest, Digest::of(content.to_json().unwrap().as_bytes()));
    }

    #[test]
    fn a_row_is_refused_as_the_same_content_is_by_hand() {
        let without = |change: fn(&mut Value)| {
            let mut content = PostKind::example_content();
            change(&mut content);
            content
        };
        for content in [
            json!({}),
            json!([]),
            without(|content| content["titel"] = json!("x")),
            without(|content| content["channels"] = json!("x")),
            without(|content| content["copies"][0]["text"] = json!("a\u{7}")),
            without(|content| content["publish_at"] = json!("tomorrow")),
        ] {
            let row = json!({ "external_id": "p-1", "content": content });
            let by_hand = json!({ "content": content }).to_string();
            let by_hand = checked::<ItemDraft<PostContent>>(by_hand.as_bytes()).unwrap_err().errors;
            let Parsed::Faulty { external_id, error } = parse_json(&row.to_string()).unwrap() else {
                panic!("the row is a draft")
            };
            assert_eq!(error.errors, by_hand, "{content}");
            assert_eq!(external_id.unwrap().as_str(), "p-1", "the row is named all the same");
        }
        let unknown = json!({ "external_id": "1", "content": PostKind::example_content(), "key": "a" });
        assert_eq!(faults(parse_json(&unknown.to_string()).unwrap()).first().unwrap().code, "unknown_field");
        assert_eq!(faults(parse_json("{\"content\":").unwrap()).first().unwrap().code, "invalid_json");
    }
}
