//! What the user typed.

use crate::conditions::Conditions;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;
use tally_apip_client::{Endpoint, SignIn, UrlHead};
use tally_crypto::fch::AddressVersion;

/// Asks a directory: a server that answers signed queries about what is registered on the Freecash
/// chain, for a few satoshi each.
///
/// First `apip-client sign-in`, with the address of the directory and the private key of the user.
/// The session is kept, so that the other commands need neither.
#[derive(Debug, Parser)]
#[command(name = "apip-client", version, after_long_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    pub(crate) order: Order,
}

const AFTER_HELP: &str = "\
The private key is read from the file given by --key-file, or from the environment variable
APIP_KEY; in wallet import format, as in L2bHRej6Fxxi... There is no flag for the key itself,
because others on the machine can see the arguments of a program.

Exit codes:
  1  the system refused something         5  there is no session, or it has ended
  2  the arguments cannot be used         7  no answer, or it is not a directory's
  3  there is no private key              8  the directory refused; its code is in the message

Examples:
  apip-client sign-in --url http://localhost:8080/APIP/ --key-file my.wif
  apip-client query serviceSearch --terms types=APIP --sort tRate:desc --size 5
  apip-client query protocolByIds '{\"ids\":[\"c50d307c3ac0...\"]}'
  apip-client all serviceOpHistory --range height=1700000.. > history.jsonl";

/// Where, who, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// Address of the directory, as its record says. [default: that of the session]
    #[arg(long, global = true, env = "APIP_URL", value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: Option<UrlHead>,

    /// File with the user's private key in wallet import format; APIP_KEY holds the key itself.
    #[arg(long, global = true, env = "APIP_KEY_FILE", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key_file: Option<PathBuf>,

    /// File that keeps the session. [default: ~/.apip-client/session.json]
    #[arg(long, global = true, env = "APIP_SESSION_FILE", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) session_file: Option<PathBuf>,

    /// File with the certificates to trust, in PEM, instead of those that browsers trust: for a
    /// directory that has signed its own.
    #[arg(long, global = true, env = "APIP_CA_FILE", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Option<PathBuf>,

    /// Network of the directory's chain: addresses of users differ.
    #[arg(
        long,
        global = true,
        env = "APIP_NETWORK",
        value_name = "NAME",
        default_value = "freecash"
    )]
    pub(crate) network: Network,

    /// How long to wait for an answer, in seconds.
    #[arg(
        long, global = true, env = "APIP_TIMEOUT", value_name = "SECONDS", default_value = "60",
        value_parser = clap::value_parser!(u64).range(1..=3600),
    )]
    pub(crate) timeout: u64,
}

/// A network, as servers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    Freecash,
    FreecashTest,
    FreecashRegtest,
    Bitcoin,
    BitcoinTest,
    BitcoinRegtest,
}

impl Network {
    /// What the addresses of users begin with.
    ///
    /// *Source:* the chain parameters of Freecash and of Bitcoin.
    pub(crate) const fn address_version(self) -> AddressVersion {
        match self {
            Self::Freecash => AddressVersion::MAIN_P2PKH,
            Self::Bitcoin => AddressVersion(0),
            Self::FreecashTest
            | Self::FreecashRegtest
            | Self::BitcoinTest
            | Self::BitcoinRegtest => AddressVersion::TEST_P2PKH,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Begin a session and keep it.
    ///
    /// A user has one session at a directory: the former one ends.
    SignIn(SignInArguments),
    /// Ask one question and print the answer.
    ///
    /// What is asked for is FCDSL, as JSON or by flags; without any, the first of everything. Prints
    /// the data on standard output and the rest on standard error.
    Query {
        #[command(flatten)]
        question: Question,
        /// Print the whole answer as it was signed, not the data alone.
        #[arg(long)]
        whole: bool,
    },
    /// Read everything that a question finds, page after page, as JSON lines.
    ///
    /// Each page is paid for: choose --size 100 for the fewest.
    All {
        #[command(flatten)]
        question: Question,
    },
    /// Ask whether the directory is there, and the session alive. Free.
    Ping,
    /// Print the session, without its key.
    Session,
    /// Print the directory's own record: prices, account, currency. Free, if the directory allows.
    Service,
    /// Print one service, or the best-rated. Free, if the directory allows.
    Services {
        /// The service's id. [default: the best-rated active ones]
        #[arg(long, value_name = "SID")]
        id: Option<String>,
    },
    /// Print one app, or the best-rated. Free, if the directory allows.
    Apps {
        /// The app's id. [default: the best-rated active ones]
        #[arg(long, value_name = "AID")]
        id: Option<String>,
    },
    /// Print a user. Free, if the directory allows.
    User {
        /// Address (FID) or name (CID) of the user.
        #[arg(value_name = "FID|CID")]
        id: String,
    },
    /// Print how many entries each index has. Free, if the directory allows.
    Totals,
    /// List the endpoints that have a short name.
    Endpoints,
}

/// How to sign in.
#[derive(Debug, Args)]
pub(crate) struct SignInArguments {
    /// Which of the documents to follow.
    #[arg(long, value_enum, default_value = "encrypted")]
    form: Form,
    /// End a live session, and begin a new one (forms plain and cipher).
    #[arg(long)]
    refresh: bool,
}

/// The forms of signing in.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// apip1/v1/signIn: the session's key comes encrypted.
    Encrypted,
    /// apip0/v1/signIn: it comes in clear text; only over https:// or on this machine.
    Plain,
    /// apip0/v1/signInEcc: it comes encrypted in the later format.
    Cipher,
}

impl SignInArguments {
    pub(crate) fn form(&self) -> SignIn {
        match self.form {
            Form::Encrypted => SignIn::EncryptedKey,
            Form::Plain => SignIn::PlainKey { refresh: self.refresh },
            Form::Cipher => SignIn::CipherKey { refresh: self.refresh },
        }
    }
}

/// What to ask where.
#[derive(Debug, Args)]
pub(crate) struct Question {
    /// Endpoint: a short name such as serviceSearch (see `endpoints`), or a path such as
    /// apip6/v1/serviceSearch.
    pub(crate) endpoint: Endpoint,

    /// The question as a JSON object in FCDSL.
    #[arg(value_name = "FCDSL")]
    pub(crate) fcdsl: Option<String>,

    /// File with the question; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "fcdsl", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) conditions: Conditions,

    /// App or user that brought this one, for directories that share their income.
    #[arg(long, value_name = "ID")]
    pub(crate) via: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from(format!("apip-client {line}").split(' '))
    }

    #[test]
    fn the_definition_is_sound_and_documents_everything() {
        CommandLine::command().debug_assert();
        let help = CommandLine::command().render_long_help().to_string();
        for word in
            ["sign-in", "query", "--url", "APIP_URL", "--key-file", "APIP_KEY", "Exit codes"]
        {
            assert!(help.contains(word), "{word} is not in the help");
        }
        for command in CommandLine::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{}", argument.get_id());
            }
        }
    }

    #[test]
    fn forms_of_signing_in() {
        let form = |line| {
            let Order::SignIn(arguments) = parse(line).unwrap().order else { panic!("{line}") };
            arguments.form()
        };
        assert_eq!(form("sign-in"), SignIn::EncryptedKey);
        assert_eq!(form("sign-in --form plain"), SignIn::PlainKey { refresh: false });
        assert_eq!(form("sign-in --form cipher --refresh"), SignIn::CipherKey { refresh: true });
    }

    #[test]
    fn networks_have_the_names_that_servers_give_them() {
        for (name, version) in [
            ("freecash", 35),
            ("freecash-test", 111),
            ("freecash-regtest", 111),
            ("bitcoin", 0),
            ("bitcoin-test", 111),
            ("bitcoin-regtest", 111),
        ] {
            let line = parse(&format!("sign-in --network {name}")).unwrap();
            assert_eq!(line.settings.network.address_version(), AddressVersion(version), "{name}");
        }
        assert!(parse("sign-in --network freecoin").is_err());
    }

    #[test]
    fn what_contradicts_is_refused() {
        for line in [
            "",
            "query",
            "query serviceSerch",
            "query serviceSearch {} --file x",
            "query serviceSearch {} --size 5",
            "query serviceSearch --file x --terms a=b",
            "query serviceSearch --terms a",
            "query serviceSearch --id a --terms a=b",
            "ping --url localhost",
            "ping --timeout 0",
            "sign-in --key L2bHRej6",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
