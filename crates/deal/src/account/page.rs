use super::{Account, Urls, Viewer, escape::escaped, help};
use crate::Time;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Columns of the names in front of values, as in the help.
const NAME_COLUMNS: usize = 13;

/// An answer about accounts, in four renderings. All values are escaped in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// How messages are written.
    Help,
    /// What was asked for was not done, and why.
    Failure(String),
    /// What was done.
    Done(String),
    /// What is known of an account.
    Account {
        /// What was done, or what is shown.
        message: &'static str,
        /// The account.
        account: Box<Account>,
        /// Who is shown it.
        viewer: Viewer,
    },
}

/// A stretch of the body of a page.
enum Span {
    Plain(String),
    Name(&'static str),
    Error(String),
}

/// A value of the data of a page.
enum Datum {
    Text(String),
    Number(u64),
    Flag(bool),
    List(Vec<String>),
    Record(Vec<(&'static str, Self)>),
}

type Data = Vec<(&'static str, Datum)>;

impl Page {
    /// Returns the HTML document, with LF line ends and one after its last line.
    pub fn html(&self) -> String {
        if *self == Self::Help {
            return document(help::HTML, "\n");
        }
        let mut body = String::from("Hello!\n\n");
        for span in self.spans() {
            match span {
                Span::Plain(text) => body.push_str(&escaped(&text)),
                Span::Name(name) => {
                    let space = NAME_COLUMNS.saturating_sub(name.len());
                    let _ = write!(body, "  <b>{name}</b>{:space$}: ", "");
                }
                Span::Error(text) => {
                    let text = escaped(&text);
                    let _ = write!(body, "<font color=\"#C0392B\"><b>{text}</b></font>");
                }
            }
        }
        body.push_str("\n\n-----\nThank you,\nPayments.net");
        document(&body, "")
    }

    /// Returns the same as text without tags, with LF line ends and one after its last line.
    pub fn text(&self) -> String {
        if *self == Self::Help {
            return format!("{}\n", help::text());
        }
        let mut text = String::from("Hello!\n\n");
        for span in self.spans() {
            match span {
                Span::Plain(part) | Span::Error(part) => text.push_str(&part),
                Span::Name(name) => {
                    let _ = write!(text, "  {name:NAME_COLUMNS$}: ");
                }
            }
        }
        text.push_str("\n\n-----\nThank you,\nPayments.net\n");
        text
    }

    /// Returns the data as a JSON object: of an account its members, else `help` or `message`, and
    /// `error` for a failure.
    pub fn json(&self) -> Value {
        object(self.data())
    }

    /// Returns the data as an XML document of one element, `account` or `reply`, whose elements have
    /// the names of the JSON members; lists repeat theirs.
    pub fn xml(&self) -> String {
        let root = match self {
            Self::Account { .. } => "account",
            Self::Help | Self::Failure(_) | Self::Done(_) => "reply",
        };
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        element(&mut xml, root, &Datum::Record(self.data()), 0);
        xml
    }

    fn spans(&self) -> Vec<Span> {
        match self {
            Self::Help => vec![Span::Plain(help::text())],
            Self::Failure(reason) => vec![
                Span::Plain("Sorry, something went wrong and led to an error:\n\n".to_owned()),
                Span::Error(reason.clone()),
            ],
            Self::Done(message) => vec![Span::Plain(message.clone())],
            Self::Account { message, account, viewer } => {
                let mut spans = vec![Span::Plain(format!("{message}:\n"))];
                for (name, datum) in account_data(account, *viewer) {
                    for value in shown(&datum) {
                        spans.push(Span::Plain("\n".to_owned()));
                        spans.push(Span::Name(name));
                        let indented = format!("\n{:1$}", "", NAME_COLUMNS + 4);
                        spans.push(Span::Plain(value.replace('\n', &indented)));
                    }
                }
                spans
            }
        }
    }

    fn data(&self) -> Data {
        match self {
            Self::Help => vec![("help", Datum::Text(help::text()))],
            Self::Failure(reason) => vec![("error", Datum::Text(reason.clone()))],
            Self::Done(message) => vec![("message", Datum::Text(message.clone()))],
            Self::Account { account, viewer, .. } => account_data(account, *viewer),
        }
    }
}

impl Account {
    /// Returns what shops read of an account: its address as `code`, `urltrusted`, and how its deals
    /// went, `seller` and `customer` with `count` and `positive`.
    pub fn profile(&self) -> Value {
        let data = account_data(self, Viewer::Other).into_iter();
        let shown = |name: &str| matches!(name, "urltrusted" | "seller" | "customer");
        let mut profile: Data = data.filter(|(name, _)| shown(name)).collect();
        profile.insert(0, ("code", Datum::Text(self.address().to_string())));
        object(profile)
    }
}

fn account_data(account: &Account, viewer: Viewer) -> Data {
    let text = |value: Option<String>| value.map(Datum::Text);
    let urls = |urls| {
        let list = account.urls(urls).iter().map(ToString::to_string);
        Some(Datum::List(list.collect()))
    };
    let standing = |standing: &super::Standing| {
        Some(Datum::Record(vec![
            ("count", Datum::Number(standing.count())),
            ("positive", Datum::Number(standing.positive())),
            ("rating", Datum::Text(standing.rating().to_string())),
        ]))
    };
    let email = account.email().filter(|_| viewer == Viewer::Owner);
    let time = |time: Time| Some(Datum::Text(time.to_string()));
    let all = [
        ("address", text(Some(account.address().to_string()))),
        ("key", text(account.key().map(ToString::to_string))),
        ("pgp", text(account.pgp().map(str::to_owned))),
        ("bitmessage", Some(Datum::List(account.bitmessages().to_vec()))),
        ("email", text(email.map(str::to_owned))),
        ("urlaccount", urls(Urls::Account)),
        ("urltrusted", urls(Urls::Trusted)),
        ("seller", standing(account.seller())),
        ("customer", standing(account.customer())),
        ("module", text(account.module().map(ToString::to_string))),
        ("proven", Some(Datum::Flag(account.is_proven()))),
        ("created", time(account.created())),
        ("updated", time(account.updated())),
    ];
    all.into_iter().filter_map(|(name, datum)| datum.map(|datum| (name, datum))).collect()
}

/// A value on a page for people, each text in a row of its own.
fn shown(datum: &Datum) -> Vec<String> {
    match datum {
        Datum::Text(text) => vec![text.clone()],
        Datum::Number(number) => vec![number.to_string()],
        Datum::Flag(flag) => vec![(if *flag { "yes" } else { "no" }).to_owned()],
        Datum::List(texts) => texts.clone(),
        Datum::Record(members) => {
            // A rating says all that people want to know of a standing.
            let rating = members.iter().find(|(name, _)| *name == "rating");
            rating.map(|(_, rating)| shown(rating)).unwrap_or_default()
        }
    }
}

fn document(body: &str, gap: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\">\n    \
         <meta name=\"author\" content=\"Bitcoin Payment Service\">\n</head>\n<body>\n\
         <pre>{body}</pre>\n{gap}</body>\n</html>\n"
    )
}

fn object(data: Data) -> Value {
    let members = data.into_iter().map(|(name, datum)| (name.to_owned(), json(datum)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn json(datum: Datum) -> Value {
    match datum {
        Datum::Text(text) => Value::String(text),
        Datum::Number(number) => Value::from(number),
        Datum::Flag(flag) => Value::Bool(flag),
        Datum::List(texts) => texts.into_iter().map(Value::String).collect(),
        Datum::Record(members) => object(members),
    }
}

fn element(xml: &mut String, name: &str, datum: &Datum, depth: usize) {
    let indent = 2 * depth;
    let leaf = |xml: &mut String, value: &str| {
        let value = escaped(value);
        let _ = writeln!(xml, "{:indent$}<{name}>{value}</{name}>", "");
    };
    match datum {
        Datum::Text(text) => leaf(xml, text),
        Datum::Number(number) => leaf(xml, &number.to_string()),
        Datum::Flag(flag) => leaf(xml, &flag.to_string()),
        Datum::List(texts) => texts.iter().for_each(|text| leaf(xml, text)),
        Datum::Record(members) => {
            let _ = writeln!(xml, "{:indent$}<{name}>", "");
            for (name, member) in members {
                element(xml, name, member, depth + 1);
            }
            let _ = writeln!(xml, "{:indent$}</{name}>", "");
        }
    }
}
