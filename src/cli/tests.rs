//! What may be typed, and what a wrong line is told.

use clap::CommandFactory;

use super::*;

fn complaint(line: &str) -> String {
    let error = Arguments::try_parse_from(line.split_whitespace()).unwrap_err();
    usage_line(&error.render().to_string())
}

#[test]
fn the_description_of_the_commands_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn a_wrong_line_is_told_in_one_line() {
    for (line, expected) in [
        ("menshen fly", "unrecognized subcommand 'fly'"),
        ("menshen config look", "unrecognized subcommand 'look'"),
        ("menshen migrate --config", "a value is required for '--config <FILE>'"),
        ("menshen doctor --verbose", "unexpected argument '--verbose' found"),
    ] {
        let told = complaint(line);
        assert!(told.contains(expected) && !told.contains('\n'), "{line}: {told}");
    }
}
