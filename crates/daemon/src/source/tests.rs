use super::*;
use crate::{AccessSettings, GENERAL, ListenAddress, LogLevel, LogSettings, as_toml};
use clap::Parser;
use std::path::PathBuf;

const PROGRAM: Program = Program {
    name: "test-server",
    prefix: "TEST_",
    main: Some("start"),
    without_settings: &["load"],
};

crate::settings! {
    /// All settings of a daemon for tests.
    struct Sample { access: AccessSettings, log: LogSettings }

    /// A file with more of them.
    #[arg(long, value_name = "FILE", help_heading = GENERAL, env = "TEST_CONFIG_PATH")]
    #[serde(skip)]
    config [PathBuf]

    /// Keep nothing.
    #[arg(long, value_name = "BOOL", help_heading = GENERAL)]
    forget [bool]

    /// Where to listen.
    #[arg(long, visible_alias = "bind", value_name = "IP:PORT", help_heading = "API")]
    listen [ListenAddress]

    /// How many.
    #[arg(long, value_name = "COUNT", help_heading = "API")]
    count [u16]

    /// Some texts.
    #[arg(long, value_name = "TEXT", value_delimiter = ',', help_heading = "API")]
    texts [Vec<String>]

    /// A secret.
    #[arg(skip)]
    secret [crate::HiddenText]
}

#[derive(Debug, Parser)]
#[command(name = "test-server", subcommand_required = true)]
struct CommandLine {
    #[command(subcommand)]
    order: Order,
}

#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
enum Order {
    /// Run it.
    Start,
    /// Look at it.
    #[command(subcommand)]
    Config(Look),
    /// Call another one.
    Load,
}

#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
enum Look {
    /// Show it.
    Show,
}

fn parse(line: &str) -> Result<(CommandLine, Sample), clap::Error> {
    let arguments = line.split_whitespace().map(OsString::from);
    let arguments = [OsString::from("test-server")].into_iter().chain(arguments).collect();
    PROGRAM.parse(PROGRAM.command::<CommandLine, Sample>(), arguments)
}

fn file(text: &str) -> Result<Sample, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).unwrap();
    PROGRAM.file(&path)
}

fn variables(values: &[(&str, &str)]) -> Result<Sample, Failure> {
    PROGRAM.variables_of(|name| {
        values.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into())
    })
}

#[test]
fn flags_may_come_before_or_after_the_command() {
    PROGRAM.command::<CommandLine, Sample>().debug_assert();
    for line in [
        "--forget config show --count 5",
        "config show --forget=true --count=5",
        "--count 4 config --forget=false show --forget --count 5",
    ] {
        let (CommandLine { order }, settings) = parse(line).unwrap();
        assert_eq!(order, Order::Config(Look::Show), "{line}");
        assert_eq!((settings.forget, settings.count), (Some(true), Some(5)), "{line}");
    }
    assert_eq!(parse("load").unwrap().1, Sample::default());
    assert!(parse("load --count 5").unwrap_err().to_string().contains("--count"));
}

/// Goal: the help of a command is about that command; all settings are listed once.
#[test]
fn all_settings_are_listed_where_the_daemon_is_started() {
    let help = |line: &str| parse(line).unwrap_err().to_string();
    let all =
        ["--config", "[env: TEST_CONFIG_PATH]", "--count", "[env: TEST_TLS_KEY]", "--log-level"];
    for part in all {
        assert!(help("start --help").contains(part), "{part}");
    }
    for line in ["--help", "config --help", "config show --help"] {
        let help = help(line);
        assert!(help.contains("--config") && help.contains("test-server start --help"), "{help}");
        assert!(!help.contains("--count") && !help.contains("--tls-key"), "{line}: {help}");
    }
    assert!(help("config show --help").contains("Show it"));
    assert!(!help("load --help").contains("--config"));
}

/// Goal: a value has one meaning, wherever it stands.
#[test]
fn flags_variables_and_files_are_read_alike() {
    let (_, flags) =
        parse("start --forget --bind localhost:5 --count 7 --texts a,b --log-level WARN").unwrap();
    let variables = variables(&[
        ("TEST_FORGET", "true"),
        ("TEST_LISTEN", "localhost:5"),
        ("TEST_COUNT", "7"),
        ("TEST_TEXTS", "a,b"),
        ("TEST_LOG_LEVEL", "warn"),
        ("TEST_TLS_KEY", ""),
    ]);
    let file = file(
        "forget = true\nbind = \"localhost:5\"\ncount = 7\ntexts = [\"a\", \"b\"]\n\
         log-level = \"Warning\"\n",
    );
    assert_eq!(variables.unwrap(), flags);
    assert_eq!(file.unwrap(), flags);
    assert_eq!(flags.log.log_level, Some(LogLevel::Warning));
    assert_eq!(PROGRAM.variable_names::<Sample>()[0], "TEST_CONFIG_PATH");
}

#[test]
fn the_stronger_source_wins() {
    let strong = Sample { count: Some(1), ..Sample::default() };
    let access = AccessSettings { tls_key: Some("/k".into()), ..AccessSettings::default() };
    let weak = Sample { count: Some(2), forget: Some(true), access, ..Sample::default() };
    let both = strong.or(weak);
    assert_eq!((both.count, both.forget), (Some(1), Some(true)));
    assert!(both.access.tls_key.is_some());
}

/// Goal: a wrong entry is told by its name, the value and what it should be.
#[test]
fn wrong_entries_are_named() {
    for (text, said) in [
        ("colour = 1", "colour: no setting has this name; `test-server start --help` lists them"),
        ("config = \"x\"", "config: no setting"),
        ("secret = \"x\"", "secret: no setting"),
        ("log_level = \"info\"", "log_level: no setting"),
        ("listen = \"nowhere\"", "listen: nowhere is not IP:PORT or localhost:PORT"),
        ("listen = {}", "listen: must be one IP:PORT, not a table"),
        ("listen = []", "listen: must be one IP:PORT, not a list"),
        ("texts = [[]]", "texts: must be one TEXT, not a list"),
        ("count = 70000", "count: 70000 is not in 0..=65535"),
        ("count = -1", "count: -1 is not in 0..=65535"),
        ("count = \"few\"", "count: few is not a whole number"),
        ("count = 1.5", "count: 1.5 is not a whole number"),
        ("count = 1979-05-27", "count: must be one COUNT, not a table"),
        ("forget = 5", "forget: 5 is neither true nor false"),
        ("log-format = \"xml\"", "log-format: xml is none of text, json"),
        ("tls-key = \"\"", "tls-key: "),
        ("\ncount = few", "line 2: "),
    ] {
        let failure = file(text).unwrap_err();
        assert_eq!(failure.kind(), Kind::Settings);
        let text = failure.text();
        assert!(text.contains("test.toml is malformed: ") && text.contains(said), "{text}");
    }
    let failure = variables(&[("TEST_COUNT", "many")]).unwrap_err();
    assert_eq!(failure.text(), "the variable TEST_COUNT: many is not a whole number");
    assert!(
        PROGRAM.file::<Sample>(Path::new("/nowhere/x")).unwrap_err().text().contains("cannot read")
    );
}

#[test]
fn a_broken_line_is_not_shown() {
    let said = file("secret = [\"hush").unwrap_err().text();
    assert!(said.contains("line 1") && !said.contains("hush"), "{said}");
}

#[test]
fn a_list_may_be_empty() {
    assert_eq!(file("texts = []").unwrap().texts, Some(vec![]));
}

/// Goal: what is shown can be read again.
#[test]
fn shown_settings_can_be_read_again() {
    let text = "forget = false\nlisten = \"127.0.0.1:5\"\ntexts = []\ntls-key = \"/k\"\nlog-level = \"warning\"\n";
    let settings = file(text).unwrap();
    assert_eq!(as_toml(&settings).unwrap(), text);
    let hidden = Sample { secret: Some(crate::HiddenText("hush".to_owned())), ..settings };
    assert!(!as_toml(&hidden).unwrap().contains("hush"));
}
