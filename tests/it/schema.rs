//! The two databases have one schema, and it is the one that the queries are written against.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::support::{Backend, TestApp, both, postgres_is_there};

/// Tables with their columns; a column is a type of `schema.rs`.
type Schema = BTreeMap<String, BTreeMap<String, String>>;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    data_type: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

const SQLITE_COLUMNS: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type AS data_type, \
    c.\"notnull\" = 0 AS is_nullable FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'";

const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text, \
    is_nullable = 'YES' AS is_nullable FROM information_schema.columns WHERE table_schema = 'public'";

/// The migrations' own bookkeeping is not ours.
const NOT_OURS: &str = "__diesel_schema_migrations";

/// The databases' types that columns may have, with Diesel's. SQLite has no booleans: the queries read
/// its integers as such.
const TYPES: [(&str, &str); 7] = [
    ("INTEGER", "BigInt"),
    ("TEXT", "Text"),
    ("BLOB", "Binary"),
    ("bigint", "BigInt"),
    ("text", "Text"),
    ("bytea", "Binary"),
    ("boolean", "Bool"),
];

fn schema_of(app: &TestApp, backend: Backend) -> Schema {
    let sql = if backend == Backend::Sqlite { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    let columns: Vec<Column> =
        app.state().db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn).unwrap())).unwrap();
    let mut schema = Schema::new();
    for column in columns.into_iter().filter(|column| column.table_name != NOT_OURS) {
        let portable = TYPES.iter().find(|(theirs, _)| *theirs == column.data_type);
        let (_, portable) = portable.unwrap_or_else(|| panic!("{} is not a portable type", column.data_type));
        let ty = if column.is_nullable { format!("Nullable<{portable}>") } else { (*portable).to_owned() };
        schema.entry(column.table_name).or_default().insert(column.column_name, ty);
    }
    schema
}

/// What `store/schema.rs` says, read as text: its tables are types and cannot be listed.
fn written() -> Schema {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema.rs");
    let text = std::fs::read_to_string(path).unwrap();
    let mut schema = Schema::new();
    for table in text.split("diesel::table! {").skip(1) {
        let (table, _) = table.split_once("\n}").unwrap();
        let (name, columns) = table.split_once('{').unwrap();
        let name = name.split_whitespace().next().unwrap().to_owned();
        let columns = columns.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" -> "));
        let columns = columns.map(|(column, ty)| (column.to_owned(), ty.to_owned()));
        schema.insert(name, columns.collect());
    }
    schema
}

/// The same schema with SQLite's integers for booleans.
fn without_booleans(schema: Schema) -> Schema {
    let integer = |ty: String| ty.replace("Bool", "BigInt");
    let columns =
        |columns: BTreeMap<String, String>| columns.into_iter().map(|(name, ty)| (name, integer(ty)));
    schema.into_iter().map(|(table, its)| (table, columns(its).collect())).collect()
}

#[test]
fn sqlite_has_the_written_schema() {
    let schema = schema_of(&TestApp::new(Backend::Sqlite), Backend::Sqlite);
    assert!(schema.len() > 20, "the tables were found");
    assert_eq!(schema, without_booleans(written()));
}

#[test]
fn postgres_has_the_written_schema() {
    if postgres_is_there() {
        let schema = schema_of(&TestApp::new(Backend::Postgres), Backend::Postgres);
        assert_eq!(schema, written());
    }
}

/// The names of what the query lists.
fn names(app: &TestApp, sql: &str) -> BTreeSet<String> {
    let names: Vec<Name> =
        app.state().db.read_now(|conn| Ok(diesel::sql_query(sql).load(conn).unwrap())).unwrap();
    names.into_iter().map(|name| name.name).collect()
}

#[test]
fn both_have_the_same_triggers_and_indexes() {
    if !postgres_is_there() {
        return;
    }
    let (sqlite, postgres) = (TestApp::new(Backend::Sqlite), TestApp::new(Backend::Postgres));
    let triggers = names(&sqlite, "SELECT name FROM sqlite_master WHERE type = 'trigger'");
    assert!(!triggers.is_empty());
    let sql = "SELECT tgname::text AS name FROM pg_trigger WHERE NOT tgisinternal";
    assert_eq!(triggers, names(&postgres, sql));

    // Without those that stand for a constraint, which each database names in its own way.
    let indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    let sql = "SELECT c.relname::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' \
        AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)";
    assert_eq!(names(&sqlite, indexes), names(&postgres, sql));
}

/// Writing an entry, SQLite looks in each of these columns for rows that waited for it.
#[test]
fn each_column_that_names_an_entry_is_indexed() {
    let app = TestApp::new(Backend::Sqlite);
    let naming = "SELECT t.name || '.' || f.\"from\" AS name FROM sqlite_master t, \
        pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.\"table\" = 'record_entries'";
    // A primary key of one integer is the table itself, and so has no index beside it.
    let indexed = "SELECT t.name || '.' || c.name AS name FROM sqlite_master t, pragma_index_list(t.name) i, \
        pragma_index_info(i.name) c WHERE t.type = 'table' AND c.seqno = 0 \
        UNION SELECT t.name || '.' || max(c.name) FROM sqlite_master t, pragma_table_info(t.name) c \
        WHERE t.type = 'table' AND c.pk > 0 GROUP BY t.name HAVING count(*) = 1 AND max(c.type) = 'INTEGER'";
    let (naming, indexed) = (names(&app, naming), names(&app, indexed));
    assert!(naming.len() > 10, "the columns were found");
    assert_eq!(naming.difference(&indexed).collect::<Vec<_>>(), Vec::<&String>::new());
}

both! {
    fn an_app_starts_on_a_fresh_database(app) {
        app.anonymous().get("/healthz").send().expect(200);
        app.anonymous().get("/nowhere").send().problem("not_found");
    }
}
