//! PostgreSQL for the suite: the server that `GREENLIGHT_TEST_POSTGRES_URL` names, or else a throw-away
//! cluster, started once by the first test that needs it.
//!
//! The cluster is kept by a small shell script, whose standard input the test process holds open. However
//! that process ends (a panic, a signal that cannot be caught), the pipe ends with it, and the script
//! stops the server and removes its folder.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Makes a cluster, starts it, says where it is, waits for the end of the test process, and cleans up.
/// Durability stays on, since greenlight refuses a server without it; memory makes it cheap, where there
/// is enough of it.
const KEEPER: &str = r#"
base="${TMPDIR:-/tmp}"
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 2000000 ]; then
  base=/dev/shm
fi
folder=$(mktemp -d "$base/greenlight-XXXXXX") || exit 1
cd "$folder"
{ "$BIN/initdb" -D data -U greenlight -A trust -E UTF8 --no-locale --no-sync &&
  "$BIN/pg_ctl" -D data -l log -w -o "-k '$folder' -c listen_addresses= -c max_connections=400" start
} >setup 2>&1 && echo "$folder" || cat setup log >&2
cat >/dev/null
"$BIN/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1
rm -rf "$folder"
"#;

/// A PostgreSQL server in which databases can be made.
#[derive(Debug)]
pub struct Cluster {
    /// Its address up to the name of a database, and what follows that name.
    address: (String, String),
    admin: String,
    /// Whether the server ends with this process, and everything left in it.
    pub is_throw_away: bool,
    /// Holds the pipe on which the keeper waits.
    _keeper: Option<Child>,
}

impl Cluster {
    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.address.0, self.address.1)
    }

    /// The address of the database from which others are made.
    pub fn admin_url(&self) -> &str {
        &self.admin
    }

    fn named(admin: String) -> Self {
        let (before_query, query) = match admin.split_once('?') {
            Some((before, query)) => (before.to_owned(), format!("?{query}")),
            None => (admin.clone(), String::new()),
        };
        let server = before_query.rsplit_once('/').map_or(before_query.as_str(), |(server, _)| server);
        Self { address: (format!("{server}/"), query), admin, is_throw_away: false, _keeper: None }
    }

    fn throw_away(bin: &Path) -> Self {
        let mut keeper = as_ordinary_user()
            .args(["sh", "-c", KEEPER])
            .env("BIN", bin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: an interrupt from the terminal ends the tests, and the pipe the keeper.
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let mut folder = String::new();
        BufReader::new(keeper.stdout.as_mut().unwrap()).read_line(&mut folder).unwrap();
        let folder = folder.trim_end();
        if folder.is_empty() {
            drop(keeper.stdin.take());
            let mut reason = String::new();
            keeper.stderr.take().unwrap().read_to_string(&mut reason).unwrap();
            panic!("initdb was found in {}, but the cluster does not start:\n{reason}", bin.display());
        }
        let address = ("postgres://greenlight@localhost/".to_owned(), format!("?host={folder}"));
        let admin = format!("{}postgres{}", address.0, address.1);
        Self { address, admin, is_throw_away: true, _keeper: Some(keeper) }
    }
}

/// A command that runs its arguments as somebody else than root, whom `initdb` refuses.
fn as_ordinary_user() -> Command {
    let id = |arguments: &[&str]| Command::new("id").args(arguments).output();
    if !id(&["-u"]).is_ok_and(|output| output.stdout.trim_ascii() == b"0") {
        return Command::new("env");
    }
    let exists = |user: &&&str| id(&["-u", user]).is_ok_and(|output| output.status.success());
    let user = ["postgres", "nobody"].iter().find(exists).expect("a user to run PostgreSQL as");
    let mut command = match find_program("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args([&format!("--reuid={user}"), "--clear-groups", "--"]);
            command
        }
        None => {
            let mut command = Command::new(find_program("runuser").expect("setpriv or runuser"));
            command.args(["-u", user, "--"]);
            command
        }
    };
    command.current_dir("/");
    command
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The folder of PostgreSQL's programs: the one of `initdb` on the path, or the newest of Debian's.
fn find_bin() -> Option<PathBuf> {
    let on_path = find_program("initdb").and_then(|initdb| std::fs::canonicalize(initdb).ok());
    if let Some(bin) = on_path.as_deref().and_then(Path::parent)
        && bin.join("pg_ctl").is_file()
    {
        return Some(bin.to_owned());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.flatten().map(|version| version.path().join("bin"));
    bins.filter(|bin| bin.join("initdb").is_file()).max()
}

/// The server of this test process; none where PostgreSQL is not to be found, which is said aloud.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            if let Ok(admin) = std::env::var("GREENLIGHT_TEST_POSTGRES_URL") {
                return Some(Cluster::named(admin));
            }
            let bin = find_bin();
            if bin.is_none() {
                // Not by a print macro, whose output is kept from the reader while a test passes.
                let line = b"\n*** NOT TESTED ON POSTGRESQL: no initdb was found, and GREENLIGHT_TEST_POSTGRES_URL is not set ***\n\n";
                std::io::stderr().write_all(line).unwrap();
            }
            bin.as_deref().map(Cluster::throw_away)
        })
        .as_ref()
}

/// Whether the tests on PostgreSQL can run. Where `GREENLIGHT_TEST_POSTGRES` is `required`, they fail
/// when they cannot.
pub fn postgres_is_there() -> bool {
    let is_there = cluster().is_some();
    let is_required = std::env::var("GREENLIGHT_TEST_POSTGRES").is_ok_and(|value| value == "required");
    assert!(is_there || !is_required, "PostgreSQL is required, and no initdb was found");
    is_there
}
