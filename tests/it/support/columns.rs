//! What stands in the database, column by column and byte by byte, read past the server.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use greenlight::store::connection::Conn;

use super::app::TestApp;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    is_binary: bool,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

const SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type = 'BLOB' AS is_binary \
    FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'";

const POSTGRES: &str = "SELECT table_name::text, column_name::text, data_type = 'bytea' AS is_binary \
    FROM information_schema.columns WHERE table_schema = 'public'";

impl TestApp {
    /// Every column with a value that holds this text, as `table.column`; with SQLite also each of its
    /// files, in which what was overwritten could still stand.
    pub fn places_of(&self, text: &str) -> Vec<String> {
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\''), "it is put into SQL");
        let mut places = self.state().db.read_now(|conn| Ok(columns_with(conn, text))).unwrap();
        if self.state().config.database_url.starts_with("sqlite:") {
            let file = |name: &str| std::fs::read(self.state().config.data_dir.join(name)).unwrap();
            for name in ["greenlight.db", "greenlight.db-wal"] {
                if file(name).windows(text.len()).any(|window| window == text.as_bytes()) {
                    places.push(name.to_owned());
                }
            }
        }
        places
    }
}

fn columns_with(conn: &mut Conn, text: &str) -> Vec<String> {
    let is_sqlite = matches!(conn, Conn::Sqlite(_));
    let columns = diesel::sql_query(if is_sqlite { SQLITE } else { POSTGRES });
    let columns: Vec<Column> = columns.load(conn).unwrap();
    assert!(columns.len() > 100, "the columns were found");
    let mut holds = |column: &Column| {
        let Column { table_name, column_name, is_binary } = column;
        let found = match (is_sqlite, is_binary) {
            (true, _) => format!("instr(CAST(\"{column_name}\" AS BLOB), CAST('{text}' AS BLOB))"),
            (false, true) => format!("position(convert_to('{text}', 'UTF8') IN \"{column_name}\")"),
            (false, false) => format!("strpos(\"{column_name}\"::text, '{text}')"),
        };
        let sql = format!("SELECT count(*) AS count FROM \"{table_name}\" WHERE {found} > 0");
        diesel::sql_query(sql).get_result::<Count>(conn).unwrap().count > 0
    };
    columns
        .iter()
        .filter(|column| holds(column))
        .map(|column| format!("{}.{}", column.table_name, column.column_name))
        .collect()
}
