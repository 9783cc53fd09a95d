//! Mistakes that do not compile, and the compiler's messages. `TRYBUILD=overwrite` writes them, for a new compiler.

#[test]
fn mistakes_do_not_compile_and_the_message_says_why() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
