//! How a database runs a query: whether an index serves it.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::Text;
use greenlight::error::Result;
use greenlight::store::connection::Conn;

use super::app::TestApp;

#[derive(QueryableByName)]
struct SqliteLine {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresLine {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

impl TestApp {
    /// What a query brings, and how the database runs its one statement, whatever the parameters are.
    /// PostgreSQL is told not to read whole tables, which it would do with tables as small as in tests.
    pub fn plan<T>(&self, query: impl FnOnce(&mut Conn) -> Result<T>) -> (T, String) {
        let explained = self.state().db.read_now(|conn| {
            let sent: Arc<Mutex<Vec<String>>> = Arc::default();
            let log = Arc::clone(&sent);
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    log.lock().unwrap().push(query.to_string());
                }
            });
            let found = query(conn)?;
            conn.set_instrumentation(|_: InstrumentationEvent<'_>| ());
            let sent = sent.lock().unwrap();
            let [statement] = sent.as_slice() else { panic!("one statement: {sent:?}") };
            let (sql, _) = statement.split_once(" -- binds").unwrap();
            Ok((found, plan(conn, sql)))
        });
        explained.unwrap()
    }
}

fn plan(conn: &mut Conn, sql: &str) -> String {
    let lines: Vec<String> = match conn {
        Conn::Sqlite(conn) => {
            let lines = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn).unwrap();
            lines.into_iter().map(|line: SqliteLine| line.detail).collect()
        }
        Conn::Postgres(conn) => {
            for statement in [
                "SET LOCAL enable_seqscan = off",
                "SET LOCAL enable_bitmapscan = off",
                "SET LOCAL plan_cache_mode = force_generic_plan",
                &format!("PREPARE looked_at AS {sql}"),
            ] {
                diesel::sql_query(statement).execute(conn).unwrap();
            }
            let explain = format!("EXPLAIN EXECUTE looked_at({})", parameters(sql));
            let lines = diesel::sql_query(explain).load(conn).unwrap();
            diesel::sql_query("DEALLOCATE looked_at").execute(conn).unwrap();
            lines.into_iter().map(|line: PostgresLine| line.detail).collect()
        }
    };
    lines.join("\n")
}

/// Something for each parameter of a statement; the generic plan does not look at it.
fn parameters(sql: &str) -> String {
    let mut before: Vec<&str> = sql.split('$').collect();
    before.pop();
    let value = |before: &str| if before.ends_with("ANY(") { "'{1}'" } else { "'1'" };
    before.into_iter().map(value).collect::<Vec<_>>().join(", ")
}
