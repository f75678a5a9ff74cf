//! The command line: what each command is called, what it takes, and how it ends.
//!
//! A command ends with 0 when it did what it says, with 1 when it could not, after one message on
//! standard error that says why and what to do, and with 2 when it was not called as it must be.

mod admin;
mod config;
mod demo;
mod failure;
mod import;
mod jobs;
mod keys;
mod lock;
mod logging;
mod migrate;
mod output;
mod serve;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::failure::Failure;
use crate::config::{Config, FILE_VARIABLE, Flags};
use crate::domain::post_import::Format;
use crate::http;
use crate::http::openapi::Document;

/// Pre-approved social content, shared by employees, on the record
#[derive(Parser)]
#[command(name = "greenlight", version, arg_required_else_help = true)]
struct Arguments {
    /// The configuration file, in TOML [default: the one that GREENLIGHT_CONFIG names, if any]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where the database is: sqlite:PATH or postgres://USER@HOST/NAME
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where SQLite and the keys live
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API until told to stop
    Serve,
    /// Show the main job on data of its own: needs nothing, touches nothing
    Demo {
        /// End after the walk, with 1 when a step did not do what it says
        #[arg(long)]
        exit: bool,
    },
    /// Run the database migrations that wait
    Migrate,
    /// Make drafts of the posts in a file, up to 10,000
    Import {
        /// The file, NDJSON or CSV; `-` is standard input
        file: PathBuf,
        /// The e-mail address of the drafts' author [default: the only active person with the role author]
        #[arg(long, value_name = "EMAIL")]
        author: Option<String>,
        /// ndjson or csv [default: what the file's name says]
        #[arg(long, value_name = "FORMAT")]
        format: Option<Format>,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Administer people
    #[command(subcommand)]
    Admin(Admin),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Administer the server's keys
    #[command(subcommand)]
    Keys(Keys),
    /// Run by hand what the server runs by itself
    #[command(subcommand)]
    Jobs(Jobs),
}

#[derive(Subcommand)]
enum Admin {
    /// Make an administrator; the password is the first line of standard input
    Create {
        /// The e-mail address to sign in with
        email: String,
        /// The name that others see [default: the address]
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print the configuration in force, without secrets, and what is doubtful about it
    Check,
}

#[derive(Subcommand)]
enum Jobs {
    /// Do what is due: reminders, escalations, lapses, and reviews that cannot end; safe beside any server
    Run,
}

#[derive(Subcommand)]
enum Keys {
    /// Make the four keys of an installation on PostgreSQL, for every node the same
    Create {
        /// The folder to make them in
        dir: PathBuf,
    },
}

/// Runs the command that the process was called with.
pub fn run() -> ExitCode {
    match dispatch(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { config, listen, database_url, data_dir, command } = arguments;
    // Its own data or none: whoever named a database would take the demonstration for a server.
    let is_set = config.is_some() || database_url.is_some() || data_dir.is_some();
    let flags = Flags { listen, database_url, data_dir };
    let load = || {
        let file = config.or_else(|| std::env::var_os(FILE_VARIABLE).map(PathBuf::from));
        Config::load(file.as_deref(), &flags).map_err(Failure::from)
    };
    match command {
        Command::Serve => serve::serve(load()?),
        Command::Demo { exit } => {
            if is_set {
                let why = "the demonstration has data of its own: it takes --listen, and no other setting";
                return Err(Failure::new(why.to_owned()));
            }
            demo::demo(flags.listen.unwrap_or(DEMO_ADDRESS), exit)
        }
        Command::Migrate => migrate::migrate(&load()?),
        Command::Import { file, author, format } => {
            import::import(&load()?, &file, author.as_deref(), format)
        }
        Command::Openapi => output::text(&Document::new(http::routes()).text),
        Command::Admin(Admin::Create { email, display_name }) => {
            admin::create(&load()?, &email, display_name.as_deref())
        }
        Command::Config(ConfigCommand::Check) => config::check(&load()?),
        Command::Keys(Keys::Create { dir }) => keys::create(&dir),
        Command::Jobs(Jobs::Run) => jobs::run(&load()?),
    }
}

/// Where the demonstration listens when nothing is said.
const DEMO_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
