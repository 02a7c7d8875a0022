use std::{ffi::OsString, iter::Peekable, vec::IntoIter};

/// A flag of an older version: accepted, so that old scripts go on working, and without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retired {
    /// The flag, without dashes.
    pub(crate) name: &'static str,
    takes_value: bool,
    /// What to tell the user.
    pub(crate) advice: &'static str,
}

const fn switch(name: &'static str, advice: &'static str) -> Retired {
    Retired { name, takes_value: false, advice }
}

const fn value(name: &'static str, advice: &'static str) -> Retired {
    Retired { name, takes_value: true, advice }
}

const NO_XMPP: &str = "peers are reached over QUIC: the flag has no effect";
const NO_NAT: &str = "addresses are not translated by the node: publish a reachable one with \
     --publish-address; the flag has no effect";
const ALWAYS: &str = "this is always done: the flag has no effect";
const NO_PROFILER: &str = "profile with tools of the system: the flag has no effect";
const NO_DISCOVERY: &str =
    "use --endpoint-registry-contract-address: the flag has no effect, as its contract is another";

/// The flags that the original once had and this node has no use for.
///
/// Source: spec §2.1.
pub(crate) const RETIRED: &[Retired] = &[
    value("xmpp-server", NO_XMPP),
    value("signal-server", NO_XMPP),
    switch("enable-health-check", ALWAYS),
    value("send-ping-time", ALWAYS),
    value("max-unresponsive-time", ALWAYS),
    value("nat", NO_NAT),
    value("turn-server", NO_NAT),
    value("turn-user", NO_NAT),
    value("turn-pass", NO_NAT),
    value("discovery-contract-address", NO_DISCOVERY),
    value("rpccorsdomain", "use --cors-origin: the flag has no effect"),
    switch("rpc", ALWAYS),
    switch("no-rpc", "the API cannot be switched off: the flag has no effect"),
    switch("web-ui", "the documentation page at /docs is always there: the flag has no effect"),
    switch("no-web-ui", "the documentation page shows no state: the flag has no effect"),
    switch("console", "there is no console: the flag has no effect"),
    switch("sync-check", ALWAYS),
    value("gas-price", "fees follow the chain: the flag has no effect"),
    value("logging", "use --verbosity or --log-filter: the flag has no effect"),
    switch("log-json", "use --log-format json: the flag has no effect"),
    value("vmodule", "use --log-filter: the flag has no effect"),
    value("backtrace", NO_PROFILER),
    switch("pprof", NO_PROFILER),
    value("pprofaddr", NO_PROFILER),
    value("pprofport", NO_PROFILER),
    value("memprofilerate", NO_PROFILER),
    value("blockprofilerate", NO_PROFILER),
    value("cpuprofile", NO_PROFILER),
    value("trace", NO_PROFILER),
];

/// Takes the retired flags, with their values, out of a command line.
pub(super) fn take_out(arguments: Vec<OsString>) -> (Vec<OsString>, Vec<Retired>) {
    let (mut kept, mut found) = (Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        match read(&argument) {
            Some((flag, has_value)) => {
                if !has_value {
                    skip_value(flag, &mut arguments);
                }
                found.push(flag);
            }
            None => kept.push(argument),
        }
    }
    (kept, found)
}

/// Reads `--flag` or `--flag=value`: which retired flag it is, and whether the value is with it.
fn read(argument: &OsString) -> Option<(Retired, bool)> {
    let text = argument.to_str()?.strip_prefix("--")?;
    let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
    let flag = RETIRED.iter().find(|flag| flag.name == name)?;
    Some((*flag, value.is_some()))
}

fn skip_value(flag: Retired, arguments: &mut Peekable<IntoIter<OsString>>) {
    let next = arguments.peek().and_then(|next| next.to_str());
    if flag.takes_value && next.is_some_and(|next| !next.starts_with("--")) {
        arguments.next();
    }
}
