use crate::{Failure, Kind};
use serde::Serialize;

/// The settings of a daemon, or a group of them that several daemons have; [`settings!`] implements
/// it.
///
/// [`settings!`]: crate::settings!
pub trait Settings: clap::Args + Serialize + Clone + Default {
    /// Fills what is absent here from `weaker`.
    #[must_use]
    fn or(self, weaker: Self) -> Self;
}

/// Defines the settings of a daemon once, for the command line, the environment and the file alike.
///
/// First the type's name with the groups of settings that it includes, then the settings: each a
/// field with its type in brackets and the attributes of a `clap` argument, and absent until
/// somebody says it. The doc comment is the help. A setting of the type `bool` may be given without
/// a value; one that no flag must set, because it is a secret, has `#[arg(skip)]`.
///
/// The crate that uses it depends on `clap` and `serde`, with derivation.
#[macro_export]
macro_rules! settings {
    (
        $(#[$outer:meta])*
        $vis:vis struct $name:ident { $($group:ident: $kind:ty),* $(,)? }
        $($(#[$meta:meta])* $field:ident [$($type:tt)+])*
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Default, PartialEq, ::clap::Args, ::serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        $vis struct $name {
            $($(#[$meta])* $vis $field: Option<$($type)+>,)*
            $(
                /// A group of settings that several daemons have.
                #[command(flatten)]
                #[serde(flatten)]
                $vis $group: $kind,
            )*
        }

        impl $name {
            /// Fills what is absent here from `weaker`.
            #[must_use]
            $vis fn or(self, weaker: Self) -> Self {
                Self {
                    $($field: self.$field.or(weaker.$field),)*
                    $($group: self.$group.or(weaker.$group),)*
                }
            }
        }

        impl $crate::Settings for $name {
            fn or(self, weaker: Self) -> Self {
                self.or(weaker)
            }
        }
    };
}

/// Writes settings as TOML that `--config` would read. What is hidden stays so.
///
/// # Errors
///
/// An unexpected failure, if a setting cannot be written as TOML.
pub fn as_toml<S: Settings>(settings: &S) -> Result<String, Failure> {
    toml::to_string(settings).map_err(Failure::of(Kind::Unexpected))
}
