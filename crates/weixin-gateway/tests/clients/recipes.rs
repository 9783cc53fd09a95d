//! The recipes that the manual prints are those that the tests run.

use std::{fs, path::Path};

/// The files of the recipes: the language of their blocks, and the page.
const FILES: [(&str, &str, &str); 15] = [
    ("mod_auth_openidc.conf", "apache", "gateway.md"),
    ("oauth4webapi.mjs", "js", "gateway.md"),
    ("mod_oauth2/api.conf", "apache", "recipes.md"),
    ("mod_oauth2/client.toml", "toml", "recipes.md"),
    ("pocketbase/client.toml", "toml", "recipes.md"),
    ("pocketbase/1_wechat.js", "js", "recipes.md"),
    ("roundcube/client.toml", "toml", "recipes.md"),
    ("roundcube/config.php", "php", "recipes.md"),
    ("roundcube/dovecot.conf", "text", "recipes.md"),
    ("roundcube/wechat.conf.ext", "text", "recipes.md"),
    ("streamlit/app.py", "python", "recipes.md"),
    ("streamlit/client.toml", "toml", "recipes.md"),
    ("streamlit/secrets.toml", "toml", "recipes.md"),
    ("synapse/client.toml", "toml", "recipes.md"),
    ("synapse/wechat.yaml", "yaml", "recipes.md"),
];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_manual_prints_the_recipes_that_the_tests_run() {
    for (file, language, page) in FILES {
        let recipe = package().join("tests/clients/recipes").join(file);
        let recipe = fs::read_to_string(recipe).unwrap();
        let block = format!("```{language}\n{recipe}```\n");
        for page in [page.to_owned(), format!("zh/{page}")] {
            let text = fs::read_to_string(package().join("../../docs").join(&page)).unwrap();
            assert!(text.contains(&block), "{page}: {file}");
        }
    }
}

#[test]
fn a_recipe_of_the_page_about_the_gateway_has_twelve_lines_at_most() {
    for (file, ..) in &FILES[..2] {
        let recipe = fs::read_to_string(package().join("tests/clients/recipes").join(file));
        assert!(recipe.unwrap().lines().count() <= 12, "{file}");
    }
}
