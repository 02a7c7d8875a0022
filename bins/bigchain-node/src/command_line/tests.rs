use super::*;
use clap::Args;
use tally_daemon::LogFormat;

fn parse(line: &str) -> Result<Invocation, clap::Error> {
    let arguments = std::iter::once("bigchain-node").chain(line.split_whitespace());
    Invocation::parse(arguments.map(OsString::from).collect())
}

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

/// Goal: the lines of the original's users are understood.
#[test]
fn the_original_s_lines_are_understood() {
    for (line, order) in [
        ("-y -c /tmp/c configure", Order::Configure),
        ("-y configure mongodb", Order::Configure),
        ("-c - -y configure", Order::Configure),
        ("show-config", Order::ShowConfig),
        ("export-my-pubkey", Order::ExportMyPubkey),
        ("init", Order::Init),
        ("-y drop", Order::Drop),
        ("--dev-start-rethinkdb --dev-allow-temp-keypair start", Order::Start),
        ("-l DEBUG start --no-init", Order::Start),
    ] {
        assert_eq!(parse(line).unwrap().order, order, "{line}");
    }
    assert_eq!(parse("configure mongodb").unwrap().remarks.len(), 1);
    assert_eq!(parse("start --no-init").unwrap().remarks.len(), 1);
    let Order::Load(load) = parse("load -m 3 -c 100").unwrap().order else { panic!() };
    assert_eq!((load.in_flight.get(), load.count), (3, 100));
}

#[test]
fn flags_may_come_before_or_after_the_command() {
    for line in [
        "--memory-store config show --log-format json",
        "config show --memory-store --log-format=json",
        "config --memory-store show --log-format=json",
    ] {
        let Invocation { order, flags, .. } = parse(line).unwrap();
        assert_eq!(order, Order::Config(ConfigOrder::Show), "{line}");
        assert_eq!(flags.memory_store, Some(true), "{line}");
        assert_eq!(flags.log.log_format, Some(LogFormat::Json), "{line}");
    }
    let twice = parse("--database-name a start --database-name b").unwrap();
    assert_eq!(twice.flags.database_name.as_deref(), Some("b"));
}

#[test]
fn wrong_values_are_named() {
    for (line, named) in [
        ("start --colour red", "--colour"),
        ("start --log-level loud", "--log-level"),
        ("start --server-bind nowhere", "--server-bind"),
        ("start --api python", "--api"),
        ("start --keyring 0x12", "--keyring"),
        ("start --peer 0x12", "--peer"),
        ("start --wsserver-port 65536", "--wsserver-port"),
        ("load --in-flight 0", "--in-flight"),
        ("walk", "walk"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.to_string().contains(named), "{line}: {error}");
    }
}

/// Goal: the help says what each command is for.
#[test]
fn without_a_command_there_is_help() {
    let help = parse("").unwrap_err().to_string();
    for part in ["An asset ledger", "start", "Run the node", "Delete the ledger", "--data-dir"] {
        assert!(help.contains(part), "{part:?} is not in {help}");
    }
}

/// Goal: help is where people look for it, and says of `-c` what it means there.
#[test]
fn help_is_a_command_too() {
    let help = |line: &str| parse(line).unwrap_err().to_string();
    assert!(help("help").contains("Run the node"));
    assert!(help("help start").contains("--server-bind"));
    assert!(help("configure --help").contains("- is standard output"));
    assert!(!help("start --help").contains("- is standard output"));
    let out = parse("configure -c out").unwrap().flags.config;
    assert_eq!(out.as_deref(), Some("out".as_ref()));
}

/// Goal: the guide names every command, every flag and its variable.
#[test]
fn the_guide_is_complete() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let guide = std::fs::read_to_string(path).unwrap();
    for command in command().get_subcommands() {
        assert!(guide.contains(&format!("`{}`", command.get_name())), "{}", command.get_name());
    }
    let variables = PROGRAM.variable_names::<Settings>();
    for argument in Settings::augment_args(Command::new("settings")).get_arguments() {
        let Some(name) = argument.get_long().filter(|name| !matches!(*name, "help" | "version"))
        else {
            continue;
        };
        assert!(guide.contains(&format!("`--{name}`")), "--{name} is not in the guide");
        let variable = match name {
            "config" => "BIGCHAINDB_CONFIG_PATH".to_owned(),
            name => format!("BIGCHAINDB_{}", name.to_uppercase().replace('-', "_")),
        };
        assert!(variables.contains(&variable), "{variable}");
        assert!(argument.get_help().is_some(), "--{name} has no help");
        assert!(argument.get_help_heading().is_some(), "--{name} is in no group");
    }
}
