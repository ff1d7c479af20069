//! The reference page and the example file, made from the sections themselves.

use std::fmt::Write;

use super::section::{Key, Section, Shown};

/// One section as the reference describes it.
pub struct SectionReference {
    /// Its name in the file.
    pub name: String,
    /// What it is about, line by line.
    pub about: &'static [&'static str],
    /// Its keys.
    pub keys: &'static [Key],
}

impl SectionReference {
    pub(super) fn of<S: Section>() -> Self {
        Self { name: S::NAME.to_owned(), about: S::ABOUT, keys: S::KEYS }
    }
}

/// The example file: every key with its meaning and its default. A key without
/// a default stands in a comment.
#[must_use]
pub fn example_toml(sections: &[SectionReference]) -> String {
    let mut out = String::from(
        "# Every key of Menshen's configuration with its default. Made from src/config; do not edit.\n\
         # Each can be overridden by an environment variable: MENSHEN__SERVER__LISTEN=127.0.0.1:8443\n",
    );
    for section in sections {
        out.push('\n');
        for line in section.about {
            let _ = writeln!(out, "# {}", line.trim());
        }
        let _ = writeln!(out, "[{}]", section.name);
        for key in section.keys {
            for line in key.meaning {
                let _ = writeln!(out, "# {}", line.trim());
            }
            let _ = if key.default.is_empty() {
                writeln!(out, "# {} = \"…\"", key.name)
            } else {
                writeln!(out, "{} = {}", key.name, key.default)
            };
        }
    }
    out
}

/// The reference page, `docs/reference/config.md`.
#[must_use]
pub fn markdown(sections: &[SectionReference]) -> String {
    let mut out = String::from(
        "# Configuration\n\n\
         Made from `src/config`; do not edit (`UPDATE_REFERENCE=1 cargo test reference` writes it anew).\n\n\
         One TOML file, given by `--config FILE`; without it the defaults hold. Each key can be overridden by the environment\n\
         variable `MENSHEN__SECTION__KEY` (`MENSHEN__SERVER__LISTEN=127.0.0.1:8443`; a list by commas; an empty variable takes an\n\
         optional key back). A key that is not on this page is an error, in the file and in the environment. `menshen config\n\
         check` says what is wrong in one line, `menshen config show` prints what is in force with secrets masked.\n",
    );
    for section in sections {
        let about: Vec<&str> = section.about.iter().map(|line| line.trim()).collect();
        let _ = write!(out, "\n## `[{}]`\n\n{}\n\n", section.name, about.join(" "));
        out.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
        for key in section.keys {
            let meaning: Vec<&str> = key.meaning.iter().map(|line| line.trim()).collect();
            let default = if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) };
            let _ = writeln!(out, "| `{}` | {} | {default} | {} |", key.name, key.kind, meaning.join(" "));
        }
    }
    out
}

/// `config show`: values in force, grouped by section.
pub(super) fn masked_toml(shown: &[Shown]) -> String {
    let mut out = String::new();
    for Shown { section, lines } in shown {
        let _ = writeln!(out, "{}[{section}]", if out.is_empty() { "" } else { "\n" });
        for (key, value) in lines {
            let _ = match value {
                Some(value) => writeln!(out, "{key} = {value}"),
                None => writeln!(out, "# {key} is not set"),
            };
        }
    }
    out
}
