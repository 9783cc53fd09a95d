//! The manual is the test: every command line of `tests/manual` prints what stands below it.

#[test]
fn the_manual_is_what_the_command_prints() {
    trycmd::TestCases::new()
        .default_bin_name("weixin")
        .env("COLUMNS", "100")
        // English, whatever the language of the terminal is.
        .env("LC_ALL", "C")
        .case("tests/manual/*.md");
}
