//! What the commands do.

use crate::{
    command_line::{CommandLine, Order, Question, Settings},
    failure::{Failure, Kind},
    indent::indent,
    key,
    session_file::{self, Kept},
};
use anyhow::Context;
use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tally_apip_client::{
    Client, Directory, ENDPOINTS, Error, Fcdsl, Options, Reply, SignIn, Trust, UrlHead,
};
use tally_daemon::say;

/// The longest question that is read from a file, in bytes; directories take less.
const QUESTION_LENGTH_MAX: u64 = 1024 * 1024;

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;

pub(crate) fn run(line: &CommandLine) -> Result<(), Failure> {
    let settings = &line.settings;
    match &line.order {
        Order::SignIn(arguments) => sign_in(settings, arguments.form()),
        Order::Query { question, whole } => query(settings, question, *whole),
        Order::All { question } => all(settings, question),
        Order::Ping => ping(settings),
        Order::Session => show_session(settings),
        Order::Service => free(settings, Directory::service),
        Order::Services { id } => free(settings, |directory| directory.services(id.as_deref())),
        Order::Apps { id } => free(settings, |directory| directory.apps(id.as_deref())),
        Order::User { id } => free(settings, |directory| directory.user(id)),
        Order::Totals => free(settings, Directory::totals),
        Order::Endpoints => {
            let lines = ENDPOINTS.iter().map(|tail| {
                let name = tail.rsplit('/').next().unwrap_or(tail);
                format!("{name:<20} {tail}")
            });
            print_lines(lines)
        }
    }
}

fn sign_in(settings: &Settings, form: SignIn) -> Result<(), Failure> {
    let path = session_file::path(settings.session_file.as_deref())?;
    let head = match &settings.url {
        Some(head) => head.clone(),
        // A file that cannot be read is replaced anyway.
        None => match session_file::read(&path) {
            Ok(Some(kept)) => kept.head,
            Ok(None) | Err(_) => return Err(no_address()),
        },
    };
    let key = key::read(settings.key_file.as_deref())?;
    let directory = directory(settings, head.clone())?;
    let signed_in = directory.sign_in(&key, form)?;
    let fid = directory.fid(&key);
    let kept = Kept { head, fid, session: signed_in.session };
    session_file::write(&path, &kept)?;
    say(&format!(
        "signed in at {} as {}; balance {} satoshi, best height {}; {}",
        kept.head,
        kept.fid,
        signed_in.balance,
        signed_in.best_height,
        ending(&kept),
    ));
    Ok(())
}

fn query(settings: &Settings, question: &Question, whole: bool) -> Result<(), Failure> {
    let client = client(settings, question)?;
    let reply = client.query(&question.endpoint, read_question(question)?.as_ref())?;
    if whole {
        print_lines([&reply.text])?;
    } else {
        print_data(&reply)?;
    }
    let Reply { got, total, balance, best_height, last, .. } = reply;
    // What `--after` and `after` take, where there may be more.
    let last = last.filter(|_| got < total).and_then(|last| serde_json::to_string(&last).ok());
    let last = last.map(|last| format!("; last {last}")).unwrap_or_default();
    say(&format!("{got} of {total}; balance {balance} satoshi, best height {best_height}{last}"));
    Ok(())
}

fn all(settings: &Settings, question: &Question) -> Result<(), Failure> {
    let client = client(settings, question)?;
    let mut pages = client.pages(question.endpoint.clone(), read_question(question)?);
    let mut balance = None;
    for page in pages.by_ref() {
        let page = page?;
        let items = page.items().context("the directory's data are not items");
        let items = items.map_err(|error| Failure::new(Kind::Server, error))?;
        balance = Some(page.balance);
        print_lines(items.iter().map(|item| single_line(item.get())))?;
    }
    let (seen, total) = (pages.seen(), pages.total().unwrap_or(0));
    let balance = balance.map(|balance| format!("; balance {balance} satoshi"));
    say(&format!("{seen} of {total}{}", balance.unwrap_or_default()));
    Ok(())
}

fn ping(settings: &Settings) -> Result<(), Failure> {
    let kept = session_file::read(&session_file::path(settings.session_file.as_deref())?)?;
    let kept = kept.filter(|kept| settings.url.as_ref().is_none_or(|head| *head == kept.head));
    let Some(kept) = kept else {
        let head = settings.url.clone().ok_or_else(no_address)?;
        let reply = directory(settings, head.clone())?.ping()?;
        say(&format!("{head} is there; best height {}; no session", reply.best_height));
        return Ok(());
    };
    let reply =
        Client::new(directory(settings, kept.head.clone())?, kept.session.clone()).ping()?;
    let Reply { balance, best_height, .. } = reply;
    let Kept { head, fid, .. } = &kept;
    say(&format!(
        "{head} is there, and the session of {fid} alive; balance {balance} satoshi, best height \
         {best_height}"
    ));
    Ok(())
}

fn show_session(settings: &Settings) -> Result<(), Failure> {
    let kept = session(settings)?;
    let lines = [
        format!("directory  {}", kept.head),
        format!("user       {}", kept.fid),
        format!("session    {}", kept.session.name()),
        format!("           {}", ending(&kept)),
    ];
    print_lines(lines)
}

fn free(
    settings: &Settings,
    call: impl FnOnce(&Directory) -> Result<Reply, Error>,
) -> Result<(), Failure> {
    let head = match &settings.url {
        Some(head) => head.clone(),
        None => {
            let path = session_file::path(settings.session_file.as_deref())?;
            session_file::read(&path)?.map(|kept| kept.head).ok_or_else(no_address)?
        }
    };
    print_data(&call(&directory(settings, head)?)?)
}

fn directory(settings: &Settings, head: UrlHead) -> Result<Directory, Failure> {
    let mut options = Options {
        timeout: Duration::from_secs(settings.timeout),
        address_version: settings.network.address_version(),
        ..Options::default()
    };
    options.connect_timeout = options.connect_timeout.min(options.timeout);
    if let Some(path) = &settings.ca_file {
        let pem = fs::read(path).map_err(anyhow::Error::from);
        let trust = pem.and_then(|pem| Trust::only(&pem).map_err(anyhow::Error::from));
        let trust = trust.with_context(|| path.display().to_string());
        options.trust = trust.map_err(|error| Failure::new(Kind::Settings, error))?;
    }
    Ok(Directory::with_options(head, options))
}

fn client(settings: &Settings, question: &Question) -> Result<Client, Failure> {
    let kept = session(settings)?;
    if kept.session.is_over() {
        let message = format!("the session at {} has ended: sign in again", kept.head);
        return Err(Failure::message(Kind::Session, message));
    }
    let client = Client::new(directory(settings, kept.head)?, kept.session);
    Ok(match &question.via {
        Some(via) => client.via(via),
        None => client,
    })
}

/// Returns the kept session. It is good for one directory only.
fn session(settings: &Settings) -> Result<Kept, Failure> {
    let path = session_file::path(settings.session_file.as_deref())?;
    let kept = session_file::read(&path)?.ok_or_else(|| {
        Failure::message(Kind::Session, "no session: begin with apip-client sign-in")
    })?;
    match &settings.url {
        Some(head) if *head != kept.head => {
            let message = format!("the session is at {}, not at {head}: sign in there", kept.head);
            Err(Failure::message(Kind::Session, message))
        }
        Some(_) | None => Ok(kept),
    }
}

fn read_question(question: &Question) -> Result<Option<Fcdsl>, Failure> {
    let failed = |error: anyhow::Error| Failure::new(Kind::Settings, error);
    let text = match (&question.fcdsl, &question.file) {
        (Some(text), _) => text.clone(),
        (None, Some(path)) => {
            read_file(path).with_context(|| path.display().to_string()).map_err(failed)?
        }
        (None, None) => return Ok(question.conditions.to_fcdsl()),
    };
    Fcdsl::from_json(&text).map(Some).map_err(|error| failed(error.into()))
}

fn read_file(path: &Path) -> io::Result<String> {
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        Some(_) | None => Box::new(fs::File::open(path)?),
    };
    let mut text = String::new();
    source.take(QUESTION_LENGTH_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn print_data(reply: &Reply) -> Result<(), Failure> {
    print_lines(reply.data.iter().map(|data| indent(data.get())))
}

/// Returns JSON text without line breaks; within strings there are none.
fn single_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// Prints on standard output. Whoever reads it may stop when he has enough.
fn print_lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let printed = lines
        .into_iter()
        .try_for_each(|line| writeln!(out, "{}", line.as_ref()))
        .and_then(|()| out.flush());
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        printed => printed.map_err(|error| Failure::new(Kind::Unexpected, error)),
    }
}

fn no_address() -> Failure {
    Failure::message(Kind::Settings, "which directory? give --url, or sign in first")
}

fn ending(kept: &Kept) -> String {
    let Some(expires_ms) = kept.session.expires_ms() else {
        return "ends when the directory says so".to_owned();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    match u128::from(expires_ms).checked_sub(now).map(|left| left / u128::from(HOUR_MS)) {
        None => "has ended: sign in again".to_owned(),
        Some(hours @ 0..=48) => format!("ends in {hours} hours"),
        Some(hours) => format!("ends in {} days", hours / 24),
    }
}
