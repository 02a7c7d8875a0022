//! What long work shows of itself, on standard error: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often a bar moves when nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Starts to show how far work of `total` steps is; 0 steps: how many are done.
pub(crate) fn bar(what: &'static str, total: u64) -> ProgressBar {
    let (bar, template) = if total == 0 {
        (ProgressBar::no_length(), "{msg}: {human_pos} ({per_sec}) {elapsed}")
    } else {
        let template = "{msg} {wide_bar} {human_pos}/{human_len} ({per_sec}, {eta} left)";
        (ProgressBar::new(total), template)
    };
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_style(style.expect("the template is a constant")).with_message(what);
    bar.enable_steady_tick(TICK);
    bar
}

/// Tells the user something.
#[expect(clippy::print_stderr, reason = "a command talks to its user")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
