//! The record as its rows say, read past the server.

use diesel::prelude::*;
use greenlight::domain::ids::PersonId;
use greenlight::record::SubjectKey;
use greenlight::store::schema::{record_entries, record_personal, subject_keys};
use uuid::Uuid;

use super::app::TestApp;

/// One entry of the record.
#[derive(Debug, Clone)]
pub struct Entry {
    pub idx: i64,
    pub event_id: Uuid,
    pub typ: String,
    pub occurred_at: i64,
    pub statement: String,
    pub fields: String,
    pub leaf_hash: [u8; 32],
    pub record_key: [u8; 32],
}

impl TestApp {
    /// Every entry, by index.
    pub fn record_entries(&self) -> Vec<Entry> {
        type Row = (i64, String, String, i64, Option<String>, Option<String>, Vec<u8>, Option<Vec<u8>>);
        let rows: Vec<Row> = self.read(|conn| {
            record_entries::table
                .order(record_entries::idx)
                .select((
                    record_entries::idx,
                    record_entries::event_id,
                    record_entries::typ,
                    record_entries::occurred_at,
                    record_entries::statement,
                    record_entries::fields,
                    record_entries::leaf_hash,
                    record_entries::record_key,
                ))
                .load(conn)
        });
        let entry = |(idx, event_id, typ, occurred_at, statement, fields, leaf, key): Row| Entry {
            idx,
            event_id: event_id.parse().unwrap(),
            typ,
            occurred_at,
            statement: statement.unwrap(),
            fields: fields.unwrap(),
            leaf_hash: leaf.try_into().unwrap(),
            record_key: key.unwrap().try_into().unwrap(),
        };
        rows.into_iter().map(entry).collect()
    }

    /// The sealed values of an entry, by field.
    pub fn record_personal(&self, idx: i64) -> Vec<(String, PersonId, Vec<u8>)> {
        let rows: Vec<(String, Option<String>, Option<Vec<u8>>)> = self.read(|conn| {
            record_personal::table
                .filter(record_personal::idx.eq(idx))
                .order(record_personal::field)
                .select((record_personal::field, record_personal::person_id, record_personal::ciphertext))
                .load(conn)
        });
        rows.into_iter()
            .map(|(field, person, sealed)| (field, person.unwrap().parse().unwrap(), sealed.unwrap()))
            .collect()
    }

    /// A person's key.
    pub fn subject_key(&self, person: PersonId) -> SubjectKey {
        let wrapped: Option<Vec<u8>> = self.read(|conn| {
            subject_keys::table.find(person.to_string()).select(subject_keys::wrapped).first(conn)
        });
        self.state().context.keys.unwrap(&wrapped.unwrap(), person.uuid()).unwrap()
    }

    /// The index of every entry.
    pub fn record_indexes(&self) -> Vec<i64> {
        self.read(|conn| {
            record_entries::table.order(record_entries::idx).select(record_entries::idx).load(conn)
        })
    }

    /// How many entries there are.
    pub fn record_size(&self) -> i64 {
        self.read(|conn| record_entries::table.count().get_result(conn))
    }

    fn read<T>(&self, query: impl FnOnce(&mut greenlight::store::connection::Conn) -> QueryResult<T>) -> T {
        self.state().db.read_now(|conn| Ok(query(conn)?)).unwrap()
    }
}
