/// Returns the action that a path asks for: its last segment in lower case, without what follows a
/// `?`; `None` if it has none.
///
/// `/api/v1/account/status` asks for `status`, `/api/v1/help` for `help`.
pub fn action_of_path(path: &str) -> Option<String> {
    let path = path.split('?').next()?;
    let last = path.rsplit('/').find(|segment| !segment.is_empty())?;
    Some(last.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_segment_is_the_action() {
        for (path, action) in [
            ("/api/v1/help", Some("help")),
            ("/API/V1/Account/STATUS/", Some("status")),
            ("/api/v1/deal/create?pgp=off", Some("create")),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(action_of_path(path).as_deref(), action, "{path}");
        }
    }
}
