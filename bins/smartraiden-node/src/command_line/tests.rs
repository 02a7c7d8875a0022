use super::*;
use clap::Args;
use retired::RETIRED;
use tally_daemon::LogFormat;

fn parse(line: &str) -> Result<Invocation, clap::Error> {
    let arguments = std::iter::once("smartraiden-node").chain(line.split_whitespace());
    Invocation::parse(arguments.map(OsString::from).collect())
}

#[test]
fn the_command_line_is_consistent() {
    PROGRAM.command::<CommandLine, Settings>().debug_assert();
}

/// Goal: the line by which the original's own tools start a node is understood.
#[test]
fn the_original_s_tools_can_start_the_node() {
    let line = "--datadir=/tmp/n1 --api-address=127.0.0.1:5001 --listen-address=127.0.0.1:40001 \
        --address=0x1a9eC3b0b807464e6D3398a59d6b0a369Bf422fA --keystore-path=/tmp/keystore \
        --registry-contract-address=0x41Df0be8c4e4917f9Fc5F6F5F32e03F226E2410B \
        --password-file=/tmp/password --xmpp-server=192.0.2.1:5222 \
        --eth-rpc-endpoint=ws://127.0.0.1:8546 --verbosity=5 --debug --debugcrash \
        --conditionquit={\"QuitEvent\":\"EventSendRevealSecretAfter\"} --nonetwork --fee \
        --ignore-mediatednode-request --enable-health-check --nat none";
    let Invocation { order, settings, retired } = parse(line).unwrap();
    assert_eq!(order, Order::Run);
    assert_eq!(settings.verbosity, Some(5));
    assert_eq!(settings.fee, Some(true));
    assert_eq!(settings.debugcrash, Some(true));
    assert_eq!(settings.data_dir.as_deref(), Some("/tmp/n1".as_ref()));
    let names: Vec<_> = retired.iter().map(|flag| flag.name).collect();
    assert_eq!(names, ["xmpp-server", "enable-health-check", "nat"]);
}

#[test]
fn every_retired_flag_is_accepted_with_and_without_its_value() {
    for flag in RETIRED {
        for line in [
            format!("--{} --dev", flag.name),
            format!("--{}=x --dev", flag.name),
            format!("--dev --{}", flag.name),
        ] {
            let parsed = parse(&line).unwrap();
            assert_eq!(parsed.retired, [*flag], "{line}");
            assert_eq!(parsed.settings.dev, Some(true), "{line}");
        }
    }
    assert_eq!(parse("--turn-user joe --dev").unwrap().settings.dev, Some(true));
    let current = Settings::augment_args(clap::Command::new("settings"));
    let names: Vec<_> = current.get_arguments().filter_map(|a| a.get_long()).collect();
    assert!(RETIRED.iter().all(|flag| !names.contains(&flag.name)));
}

#[test]
fn flags_may_come_before_or_after_the_command() {
    for line in ["--dev config show --log-format json", "config show --dev --log-format=json"] {
        let Invocation { order, settings, .. } = parse(line).unwrap();
        assert_eq!((order, settings.dev), (Order::ShowConfig, Some(true)), "{line}");
        assert_eq!(settings.log_format, Some(LogFormat::Json), "{line}");
    }
}

#[test]
fn wrong_values_are_named() {
    for (line, named) in [
        ("--colour red", "--colour"),
        ("--address 0x12", "--address"),
        ("--verbosity 6", "--verbosity"),
        ("--api-address nowhere", "--api-address"),
        ("--compat python", "--compat"),
        ("--peer 0x12=host:1", "--peer"),
        ("--settle-timeout=-1", "--settle-timeout"),
    ] {
        let Err(error) = parse(line) else { panic!("{line} was accepted") };
        assert!(error.to_string().contains(named), "{line}: {error}");
    }
}

#[test]
fn switches_can_be_switched_off() {
    assert_eq!(parse("--fee=false").unwrap().settings.fee, Some(false));
    assert_eq!(parse("--fee").unwrap().settings.fee, Some(true));
    assert_eq!(parse("").unwrap().settings.fee, None);
}

/// Goal: the guide names every flag, its variable and every retired flag.
#[test]
fn the_guide_is_complete() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let variables = PROGRAM.variable_names::<Settings>();
    for argument in Settings::augment_args(clap::Command::new("settings")).get_arguments() {
        let Some(name) = argument.get_long().filter(|name| !matches!(*name, "help" | "version"))
        else {
            continue;
        };
        assert!(guide.contains(&format!("`--{name}`")), "--{name} is not in the guide");
        let variable = format!("SMARTRAIDEN_{}", name.to_uppercase().replace('-', "_"));
        assert!(variables.contains(&variable), "{variable}");
        assert!(argument.get_help().is_some(), "--{name} has no help");
        assert!(argument.get_help_heading().is_some(), "--{name} is in no group");
    }
    for flag in RETIRED {
        assert!(guide.contains(&format!("`--{}`", flag.name)), "--{} is missing", flag.name);
    }
}
