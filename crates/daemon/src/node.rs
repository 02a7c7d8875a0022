use crate::{Failure, HiddenText, Program, secret_in};
use std::path::PathBuf;

const CHAIN: &str = "Chain";

crate::settings! {
    /// A node of a chain whose money is in outputs, and how it knows its users.
    pub struct NodeSettings {}

    /// JSON-RPC of a node of the network: http://HOST:PORT.
    #[arg(long, value_name = "URL", help_heading = CHAIN)]
    node_url [String]

    /// The node's file with its cookie, `.cookie` in its data folder.
    #[arg(long, value_name = "FILE", help_heading = CHAIN)]
    node_cookie_file [PathBuf]

    /// Name of a user of the node (its `rpcuser`); the password is in --node-password-file, or in a
    /// variable of that name without _FILE.
    #[arg(long, value_name = "NAME", help_heading = CHAIN)]
    node_user [String]

    /// File with the password of the node's user; one newline at its end does not count.
    #[arg(long, value_name = "FILE", help_heading = CHAIN)]
    node_password_file [PathBuf]
}

/// How a node knows its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// By what it wrote into a file.
    CookieFile(PathBuf),
    /// By a name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: HiddenText,
    },
}

impl NodeSettings {
    /// Checks them; `None` if there is no node. `password` is that of the variable
    /// `NODE_PASSWORD`.
    ///
    /// # Errors
    ///
    /// A failure about the settings: no login, two of them, or a password that is not readable.
    pub fn check(
        &self,
        program: &Program,
        password: Option<HiddenText>,
    ) -> Result<Option<(String, Login)>, Failure> {
        let Some(url) = self.node_url.clone() else { return Ok(None) };
        let login = match (&self.node_cookie_file, &self.node_user) {
            (Some(_), Some(_)) => {
                let both = "--node-cookie-file and --node-user exclude each other";
                return Err(Failure::settings(both));
            }
            (Some(path), None) => Login::CookieFile(path.clone()),
            (None, Some(user)) => {
                Login::Password { user: user.clone(), password: self.password(program, password)? }
            }
            (None, None) => {
                let neither = "--node-url needs --node-cookie-file or --node-user";
                return Err(Failure::settings(neither));
            }
        };
        Ok(Some((url, login)))
    }

    fn password(
        &self,
        program: &Program,
        password: Option<HiddenText>,
    ) -> Result<HiddenText, Failure> {
        match (&self.node_password_file, password) {
            (Some(path), _) => secret_in(path, "--node-password-file").map(HiddenText),
            (None, Some(password)) => Ok(password),
            (None, None) => Err(Failure::settings(format!(
                "--node-user needs --node-password-file or the variable {}NODE_PASSWORD",
                program.prefix
            ))),
        }
    }
}
