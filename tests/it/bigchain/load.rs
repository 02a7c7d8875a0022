//! The load generator against a node.

use super::ledger::Settings;

/// Goal: what `load` reports is so. Method: each kind of load; what it reports as valid is in the
/// chain, and a node that is not there is an error.
#[test]
fn what_load_reports_is_in_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let node = Settings::new(folder.path(), "node").start();
    let settings = node.settings();
    let url = node.url();
    // Two hundred assets are made first for the transfers.
    let mut expected = 0;
    for (kind, posted, in_chain) in
        [("create", 300, 300), ("transfer", 200, 400), ("mixed", 200, 200)]
    {
        let count = posted.to_string();
        let arguments = ["load", "--url", url, "--count", &count, "--kind", kind];
        let report = settings.runs(&arguments);
        for (name, value) in [("accepted", posted), ("valid", posted), ("not-valid", 0)] {
            assert_eq!(value_of(&report, name), value, "{kind}: {report}");
        }
        assert!(value_of_text(&report, "commit-ms-p99").is_some_and(|ms| ms != "0.00"), "{report}");
        expected += in_chain;
        let blocks = node.chain();
        let members = blocks.iter().map(|block| block["transactions"].as_array().unwrap().len());
        // The first block holds none of them.
        assert_eq!(members.sum::<usize>() - 1, expected, "{kind}");
    }
    // The original's way to say how many, and how many at once.
    let report = settings.runs(&["load", "--url", url, "-m", "2", "-c", "10"]);
    assert_eq!(value_of(&report, "accepted"), 10, "{report}");
    let url = url.to_owned();
    let settings = node.stop();
    settings.refuses(&["load", "--url", &url], 7, "does not answer");
}

fn value_of_text<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    let line = report.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    line.split_whitespace().nth(1)
}

fn value_of(report: &str, name: &str) -> u64 {
    value_of_text(report, name).expect("a line of the report").parse().expect("a number")
}
