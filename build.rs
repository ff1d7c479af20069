//! Builds again when a migration is added: `embed_migrations!` reads the
//! directory, which cargo does not see by itself.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
