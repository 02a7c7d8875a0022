//! The help: how messages about accounts are written.

/// What stands between `<pre>` and `</pre>` of the HTML page; the other renderings are made of it.
///
/// *Source:* the help page of the protocol, to the byte.
pub(super) const HTML: &str = include_str!("help.html");

/// The help without tags and references.
pub(super) fn text() -> String {
    let text = HTML.replace("<b>", "").replace("</b>", "");
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.trim_start_matches('\n').to_owned()
}
