//! How a section is declared: its struct, its keys, their defaults and their
//! meaning stand once, in [`section!`], and everything else is made from that.

use super::error::ConfigError;
use super::source::Values;

/// One key as the reference describes it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Name inside its section.
    pub name: &'static str,
    /// What its value looks like, in words.
    pub kind: &'static str,
    /// The default as TOML; empty: not set.
    pub default: &'static str,
    /// What it means, line by line.
    pub meaning: &'static [&'static str],
}

/// A section of the configuration.
pub(super) trait Section: Sized {
    /// Its name in the file.
    const NAME: &'static str;
    /// What it is about, line by line.
    const ABOUT: &'static [&'static str];
    /// Its keys, in the order of the reference.
    const KEYS: &'static [Key];

    /// Reads every key, with its default where nothing is given.
    fn read(values: &Values) -> Result<Self, ConfigError>;

    /// What no single key can tell: ranges and keys that need one another.
    fn check(&self) -> Result<(), ConfigError>;

    /// The values in force as TOML, secrets masked; `None`: not set.
    fn show(&self) -> Vec<(String, Option<String>)>;
}

/// The values of one section, for `config show`.
pub(super) struct Shown {
    /// The section's name.
    pub(super) section: &'static str,
    /// Key and value as TOML; a key with dots belongs to a section below.
    pub(super) lines: Vec<(String, Option<String>)>,
}

/// Declares a section's struct and its description from one text.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident = $section:literal {
            $($(#[doc = $meaning:literal])+ $key:ident: $type:ty = $default:literal,)+
        }
        check($this:ident) $check:block
    ) => {
        $(#[doc = $about])+
        #[derive(Clone)]
        pub struct $name {
            $($(#[doc = $meaning])+ pub $key: $type,)+
        }

        impl $crate::config::section::Section for $name {
            const NAME: &'static str = $section;
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const KEYS: &'static [$crate::config::Key] = &[$($crate::config::Key {
                name: stringify!($key),
                kind: <$type as $crate::config::value::Setting>::KIND,
                default: $default,
                meaning: &[$($meaning),+],
            }),+];

            fn read(values: &$crate::config::source::Values) -> Result<Self, $crate::config::ConfigError> {
                Ok(Self { $($key: values.setting($section, stringify!($key), $default)?,)+ })
            }

            fn check(&self) -> Result<(), $crate::config::ConfigError> {
                let $this = self;
                $check
            }

            fn show(&self) -> Vec<(String, Option<String>)> {
                vec![$((stringify!($key).to_owned(), $crate::config::value::Setting::show(&self.$key))),+]
            }
        }
    };
}
pub(super) use section;
