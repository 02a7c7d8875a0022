pub use indicatif::ProgressBar;

use indicatif::ProgressStyle;
use std::time::Duration;

/// How often a bar moves when nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// Starts to show how far work of `total` steps is, on standard error: a bar on a terminal, nothing
/// elsewhere. 0 steps: it shows how many are done.
pub fn bar(what: &'static str, total: u64) -> ProgressBar {
    let (bar, template) = if total == 0 {
        (ProgressBar::no_length(), "{msg}: {human_pos} ({per_sec}) {elapsed}")
    } else {
        let template = "{msg} {wide_bar} {human_pos}/{human_len} ({per_sec}, {eta} left)";
        (ProgressBar::new(total), template)
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = bar.with_style(style).with_message(what);
    bar.enable_steady_tick(TICK);
    bar
}

/// Tells the user something, in a line on standard error.
#[expect(clippy::print_stderr, reason = "a command talks to its user")]
pub fn say(text: &str) {
    eprintln!("{text}");
}

/// Prints what the user asked for, on standard output.
#[expect(clippy::print_stdout, reason = "the user asked for it")]
pub fn print(text: &str) {
    print!("{text}");
}
