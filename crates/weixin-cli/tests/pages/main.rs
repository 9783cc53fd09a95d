//! Runs every block of the manual and the READMEs in order, as a reader would.
//!
//! The first line of a block, after its language: `file=NAME` writes it to a file; `sh` runs it; `sh server` runs it until
//! its page ends, or with `once` until it has started; `sh unrun` is not run here, and is in the list below; `text output`
//! is the output of the previous block, where `…` matches any text; `rust` is compiled by the package `doctests`. Each page
//! has a directory, a network and a shell of its own. Its directory begins with the files of `tests/pages/PAGE`, if there
//! are any: those of a project that the page adds to.
#![expect(clippy::unwrap_used, reason = "a test")]

mod page;
mod script;

use std::{fs, path::PathBuf, sync::Mutex, thread};

use self::page::{Block, Page};

fn repository() -> PathBuf {
    fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap()
}

/// The pages of a book, and its READMEs.
fn pages(directory: &str, readmes: &[&str]) -> Vec<Page> {
    let mut files: Vec<_> = fs::read_dir(repository().join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.extend(readmes.iter().map(|readme| repository().join(readme)));
    files.sort();
    files.iter().map(|file| Page::read(file)).collect()
}

fn english() -> Vec<Page> {
    let readmes = [
        "README.md",
        "crates/weixin/README.md",
        "crates/weixin-axum/README.md",
        "crates/weixin-cli/README.md",
        "crates/weixin-sim/README.md",
    ];
    pages("docs", &readmes)
}

fn chinese() -> Vec<Page> {
    pages("docs/zh", &["README.zh-CN.md"])
}

/// Runs one page per processor at a time, because some compile programs.
fn assert_all_run(pages: &[Page]) {
    let waiting = Mutex::new(pages.iter());
    let problems = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                while let Some(page) = { waiting.lock().unwrap().next() } {
                    problems.lock().unwrap().extend(script::run(page).err());
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn every_block_of_the_english_pages_runs() {
    assert_all_run(&english());
}

#[test]
fn every_block_of_the_chinese_pages_runs() {
    assert_all_run(&chinese());
}

#[test]
fn both_languages_have_the_same_programs() {
    let programs = |page: &Page| {
        page.blocks
            .iter()
            .filter(|block| !block.info.starts_with("text"))
            .map(|block| (block.info.clone(), block.without_comments()))
            .collect::<Vec<_>>()
    };
    let chinese = chinese();
    for page in english() {
        let name = page.name.replace("README.md", "README.zh-CN.md");
        let twin = chinese
            .iter()
            .find(|twin| twin.name == name || twin.name == format!("zh/{name}"));
        if let Some(twin) = twin {
            assert_eq!(programs(&page), programs(twin), "{name}");
        } else {
            // The registry shows one README; its programs are in the manual, in both languages.
            assert!(name.starts_with("crates/"), "{name} has no Chinese twin");
        }
    }
}

/// Lines of the blocks that are not run here, each with its page.
fn unrun() -> Vec<String> {
    let of_page = |page: &Page| {
        let unrun = page.blocks.iter().filter(|block| block.is("unrun"));
        let lines = unrun.flat_map(|block| block.text.lines());
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines = lines.map(|line| format!("{}: {line}", page.name));
        lines.collect::<Vec<_>>()
    };
    english().iter().flat_map(of_page).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one list")]
fn what_is_not_run_here_is_known() {
    insta::assert_snapshot!(unrun().join("\n"), @r#"
    README.md: pip install weixin-cli                 # or: npm install --save-dev @weixin-login/cli, cargo install weixin-cli
    README.md: weixin demo                            # an example site, WeChat's QR page and a phone, on your machine
    README.md: weixin sim exec --browser http://localhost:8000 -- python app.py
    crates/weixin-cli/README.md: pip install weixin-cli                 # or: npm install --save-dev @weixin-login/cli, cargo install weixin-cli
    crates/weixin-cli/README.md: weixin demo                            # an example site, WeChat's QR page and a phone, on your machine
    crates/weixin-cli/README.md: weixin sim exec --browser http://localhost:8000 -- python app.py
    crates/weixin-cli/README.md: weixin doctor --app-id wx… --redirect-uri https://www.example.com/callback
    crates/weixin-cli/README.md: weixin explain 40163                   # the cause and the remedy of an error code, in English or Chinese
    compare.md: weixin sim compare --dry-run           # prints the requests, and sends none
    compare.md: weixin sim compare > report.txt        # takes half a minute, with one request per second
    compare.md: WEIXIN_APP_SECRET=… weixin sim compare --app-id wx… > report.txt
    doctor.md: weixin doctor --app-id wx… --redirect-uri https://www.example.com/callback
    fixtures.md: pip install pytest-weixin-sim weixin-cli
    fixtures.md: pip install wechatpy pycryptodome    # for the example below
    fixtures.md: pytest test_login.py
    fixtures.md: go mod edit -require weixinsim@v0.1.0 -replace weixinsim=../weixin/packages/go-weixinsim
    fixtures.md: go test login_test.go
    fixtures.md: javac -d classes -cp junit-platform-console-standalone.jar LoginTest.java \
    fixtures.md:   $(find ../weixin/packages/junit-weixin-sim/src/main -name '*.java')
    fixtures.md: java -jar junit-platform-console-standalone.jar -cp classes --scan-classpath
    fixtures.md: npm install --save-dev @weixin-login/sim @weixin-login/cli
    fixtures.md: npx playwright test login.spec.mjs
    fixtures.md: weixin sim exec --sim "$URL" --world "$ID" -- \
    fixtures.md:   python -c 'import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()'
    frameworks.md: go mod init shop && go get github.com/gin-gonic/gin
    gateway-operation.md: sudo apt install ./weixin-cli_0.1.0-1_amd64.deb
    gateway-operation.md: sudo systemd-sysusers
    gateway-operation.md: sudo install -d -m 0700 -o weixin-gateway -g weixin-gateway /etc/weixin-gateway /var/lib/weixin-gateway
    gateway-operation.md: sudo -u weixin-gateway sh -c 'cd /etc/weixin-gateway && umask 077 && weixin gateway init --issuer https://login.example.com'
    gateway-operation.md: sudo -u weixin-gateway sh -c 'cd /etc/weixin-gateway && umask 077 && cat > website.secret'     # paste the AppSecret, then Ctrl-D
    gateway-operation.md: sudo -u weixin-gateway sh -c 'cd /etc/weixin-gateway && umask 077 && openssl rand -hex 32 > wiki.secret'
    gateway-operation.md: sudo -u weixin-gateway nano /etc/weixin-gateway/gateway.toml
    gateway-operation.md: alias gateway='sudo -u weixin-gateway WEIXIN_GATEWAY_CONFIG=/etc/weixin-gateway/gateway.toml weixin gateway'
    gateway-operation.md: gateway client list                    # the same as: sudo -u weixin-gateway weixin gateway client list --config /etc/weixin-gateway/gateway.toml
    gateway-operation.md: sudo -u weixin-gateway weixin gateway check --config /etc/weixin-gateway/gateway.toml
    gateway-operation.md: sudo systemctl enable --now weixin-gateway
    gateway-operation.md: systemctl status weixin-gateway
    gateway-operation.md: curl --fail http://127.0.0.1:8080/readyz
    gateway-operation.md: curl --fail https://login.example.com/.well-known/openid-configuration
    gateway-operation.md: sudo -u weixin-gateway weixin gateway backup --config /etc/weixin-gateway/gateway.toml "/var/lib/weixin-gateway/backup-$(date +%F).db"
    gateway-operation.md: sudo -u postgres createuser --pwprompt gateway         # on the database server; .pgpass or the URL has the password
    gateway-operation.md: sudo -u postgres createdb --owner gateway gateway
    gateway-operation.md: docker build --file packages/gateway/Dockerfile --tag weixin-gateway .
    gateway-operation.md: docker run --detach --restart unless-stopped --name gateway --publish 127.0.0.1:8080:8080 \
    gateway-operation.md:   --volume /etc/weixin-gateway:/etc/weixin-gateway:ro --volume gateway:/var/lib/weixin-gateway weixin-gateway
    gateway-operation.md: sudo systemctl stop weixin-gateway
    gateway-operation.md: sudo -u weixin-gateway weixin gateway copy-store --config /etc/weixin-gateway/gateway.toml \
    gateway-operation.md:   --to "postgres://gateway@db.example.com/gateway?sslmode=verify-full"
    gateway-operation.md: sudo -u weixin-gateway weixin gateway check --config /etc/weixin-gateway/gateway.toml
    gateway-operation.md: sudo systemctl start weixin-gateway
    gateway-operation.md: curl --fail http://127.0.0.1:8080/readyz
    gateway-operation.md: umask 077 && pg_dump --format=custom --file "gateway-$(date +%F).dump" "postgres://gateway@db.example.com/gateway?sslmode=verify-full"
    gateway-operation.md: sudo systemctl stop weixin-gateway
    gateway-operation.md: sudo -u postgres createdb --owner gateway gateway_restored         # on the database server
    gateway-operation.md: pg_restore --exit-on-error --single-transaction --no-owner gateway-2026-11-29.dump \
    gateway-operation.md:   --dbname "postgres://gateway@db.example.com/gateway_restored?sslmode=verify-full"
    gateway-operation.md: sudo -u weixin-gateway weixin gateway keys reseal --config /etc/weixin-gateway/gateway.toml
    gateway-operation.md: sudo -u weixin-gateway weixin gateway check --config /etc/weixin-gateway/gateway.toml
    gateway-operation.md: sudo -u weixin-gateway weixin gateway revoke --all --config /etc/weixin-gateway/gateway.toml     # if in doubt
    gateway-operation.md: sudo -u weixin-gateway weixin gateway keys rotate --now --revoke --config /etc/weixin-gateway/gateway.toml     # if a key may have leaked
    gateway-operation.md: sudo systemctl start weixin-gateway
    gateway-operation.md: curl --fail http://127.0.0.1:8080/readyz
    gateway-operation.md: scripts/scale rows       # --help: smaller stores, PostgreSQL
    gateway-operation.md: scripts/scale hour
    gateway.md: weixin gateway
    gateway.md: weixin gateway backup /var/backups/gateway.db
    gateway.md: sudo systemctl stop weixin-gateway
    gateway.md: sudo rm -f /var/lib/weixin-gateway/gateway.db-wal /var/lib/weixin-gateway/gateway.db-shm
    gateway.md: sudo install -m 600 -o weixin-gateway -g weixin-gateway /var/lib/weixin-gateway/backup-2026-11-29.db /var/lib/weixin-gateway/gateway.db
    gateway.md: sudo systemctl start weixin-gateway              # after the commands below, if you need them
    gateway.md: (umask 077 && openssl rand -base64 32 > gateway.key)      # the same file for all nodes
    gateway.md: weixin gateway keys rotate --now --revoke                 # for the signing keys, which only the lost key decrypts
    gateway.md: weixin gateway keys reseal                                # makes this key file the valid one
    gateway.md: weixin gateway reload                       # checks the file; the log of the server says what it loaded
    gateway.md: weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback   # prints the secret, once
    gateway.md: weixin gateway client list
    gateway.md: weixin gateway client remove wiki                                                 # its tokens become invalid
    gateway.md: weixin gateway client set wiki --redirect-uri https://wiki.example.com/oidc/callback   # in place of all that it has
    gateway.md: weixin gateway client disable wiki         # its requests and tokens are rejected, users stay logged in to the gateway
    gateway.md: weixin gateway client enable wiki          # tokens that have not expired are valid again
    gateway.md: weixin gateway client secret wiki                   # prints a second secret: copy it to the client
    gateway.md: weixin gateway client secret wiki --remove-old      # the older one is rejected from now on
    gateway.md: weixin gateway keys rotate --now --revoke
    gateway.md: (openssl rand -base64 32; cat gateway.key) > new.key && cat new.key > gateway.key && rm new.key &&
    gateway.md:   weixin gateway keys reseal &&
    gateway.md:   sed -i 2,\$d gateway.key                   # the first line stays; the others go at once, not after the 30 days that `reseal` names
    gateway.md: weixin gateway check
    gateway.md: redis-cli -u "$REDIS_URL" --scan --pattern 'weixin:*' | xargs -r redis-cli -u "$REDIS_URL" del
    gateway.md: weixin gateway keys rotate --now --revoke
    gateway.md: weixin gateway revoke --all
    gateway.md: weixin gateway client secret wiki && weixin gateway client secret wiki --remove-old   # for each client in the database
    gateway.md: weixin gateway migrate
    gateway.md: weixin gateway explain-login k3zqv6n4        # why a login failed, by the reference on its page
    gateway.md: weixin gateway user find 小明                # by user ID, sub, OpenID, UnionID, or a part of the nickname
    gateway.md: weixin gateway user disable USER_ID          # blocks sessions, tokens and logins; enable undoes it
    gateway.md: weixin gateway revoke --user USER_ID         # or --client ID, or --all: ends sessions, codes and grants
    gateway.md: weixin gateway user forget USER_ID           # removes everything that is stored about a user
    languages.md: npm install --save-dev undici@7
    languages.md: weixin sim exec --fail-on-findings -- pytest
    official-account.md: weixin sim phone http://localhost:8080
    python.md: pip install weixin-login weixin-cli
    python.md: weixin sim
    python.md: pip uninstall python-weixin
    python.md: pip install weixin-login-compat
    recipes.md: gitea admin auth add-oauth --name wechat --provider openidConnect --key gitea --secret CLIENT_SECRET \
    recipes.md:   --auto-discover-url https://login.example.com/.well-known/openid-configuration
    recipes.md: occ user_oidc:provider WeChat --clientid=nextcloud --clientsecret=CLIENT_SECRET \
    recipes.md:   --discoveryuri=https://login.example.com/.well-known/openid-configuration \
    recipes.md:   --scope="openid profile" --unique-uid=0 --mapping-uid=sub --mapping-display-name=name
    simulator.md: cargo install --path crates/weixin-cli
    simulator.md: weixin sim exec -- python app.py
    simulator.md: weixin sim exec --browser http://localhost:8000 -- python app.py
    simulator.md: sudo env "PATH=$PATH" weixin sim exec --hosts -- node app.js     # only this command sees the private /etc/hosts
    simulator.md: weixin sim exec --world tests-1 -- pytest tests/login
    simulator.md: weixin sim exec --fail-on-findings -- pytest
    simulator.md: cargo install --locked --path weixin/crates/weixin-cli        # Rust 1.95
    simulator.md: weixin sim exec --fail-on-findings --log -- pytest
    start.md: pip install weixin-cli                            # Python 3.9 or newer
    start.md: npm install --save-dev @weixin-login/cli          # Node 18 or newer: npx weixin
    start.md: sudo apt install ./weixin-cli_0.1.0-1_amd64.deb   # Debian, Ubuntu: with manual pages and completions
    start.md: cargo install weixin-cli                          # Rust 1.95; cargo binstall downloads the built program
    website.md: cargo new shop && cd shop
    website.md: cargo add axum
    website.md: cargo add tokio --features macros,net,rt-multi-thread
    website.md: cargo add tracing-subscriber
    website.md: cargo add weixin                  # until they are published: cargo add weixin --path …/crates/weixin
    website.md: cargo add weixin-axum             # until they are published: cargo add weixin-axum --path …/crates/weixin-axum
    website.md: weixin sim exec --browser http://localhost:8080 -- cargo run
    "#);
}

#[test]
fn rust_blocks_are_compiled() {
    let compiled = fs::read_to_string(repository().join("doctests/src/lib.rs")).unwrap();
    for page in english().iter().chain(&chinese()) {
        let rust = |block: &&Block| block.info.split([' ', ',']).next() == Some("rust");
        if page.blocks.iter().any(|block| rust(&block)) {
            let included = format!("include_str!(\"../../{}\")", page.path);
            assert!(
                compiled.contains(&included),
                "{} is not compiled",
                page.path
            );
        }
    }
}

#[test]
fn every_block_says_what_it_is() {
    const LANGUAGES: [&str; 16] = [
        "apache",
        "dockerfile",
        "go",
        "html",
        "ini",
        "java",
        "js",
        "json",
        "php",
        "python",
        "ruby",
        "rust",
        "sh",
        "text",
        "toml",
        "yaml",
    ];
    for page in english().iter().chain(&chinese()) {
        for block in &page.blocks {
            let language = block.info.split([' ', ',']).next().unwrap();
            assert!(
                LANGUAGES.contains(&language),
                "{}: {}",
                page.name,
                block.info
            );
            // What is neither run nor compiled is written to a file that something else of the page names. Those of the page
            // about Python are run by crates/weixin-python/tests/test_manual.py, those about the gateway and its recipes by its own
            // tests in crates/weixin-gateway; frameworks find files by their paths.
            let elsewhere = ["python.md", "frameworks.md", "gateway.md", "recipes.md"]
                .iter()
                .any(|other| page.name.ends_with(other));
            if !["sh", "text", "rust"].contains(&language) && !elsewhere {
                let file = block.attribute("file").unwrap_or_default();
                let used =
                    |other: &Block| other.info.starts_with("sh") && other.text.contains(file);
                let used = !file.is_empty() && page.blocks.iter().any(used);
                assert!(used, "{}: nothing uses {}", page.name, block.info);
            }
        }
    }
}
