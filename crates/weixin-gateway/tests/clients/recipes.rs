//! The recipes that the manual prints are those that the tests run.

use std::{fs, path::Path};

#[test]
fn the_manual_prints_the_recipes_that_the_tests_run() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = package.join("../../docs");
    for (recipe, language) in [
        ("mod_auth_openidc.conf", "apache"),
        ("oauth4webapi.mjs", "js"),
    ] {
        let file = package.join("tests/clients/recipes").join(recipe);
        let program = fs::read_to_string(file).unwrap();
        assert!(program.lines().count() <= 12, "{recipe}");
        let block = format!("```{language}\n{program}```\n");
        for page in ["gateway.md", "zh/gateway.md"] {
            let page = fs::read_to_string(manual.join(page)).unwrap();
            assert!(page.contains(&block), "{recipe}");
        }
    }
}
