//! The variables of the environment.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use clap::Command;
use weixin::{Bilingual, Language};

use super::{
    commands::program,
    markdown::{item, values},
};
use crate::lang::Pick;

/// Variables with one meaning.
struct Row {
    names: &'static [&'static str],
    text: Bilingual,
}

const fn row(names: &'static [&'static str], zh: &'static str, en: &'static str) -> Row {
    Row {
        names,
        text: Bilingual { en, zh },
    }
}

/// The variables that the command reads besides those of options.
const READ: [Row; 13] = [
    row(
        &["WEIXIN_APP_SECRET"],
        "AppSecret；--app-secret-file 优先",
        "The app secret, unless --app-secret-file is given",
    ),
    row(
        &["WEIXIN_ACCESS_TOKEN"],
        "用户的 access_token，供 `weixin check` 和 `weixin user` 使用；--token 优先",
        "The access token of `weixin check` and `weixin user`, unless --token is given",
    ),
    row(
        &["WEIXIN_REFRESH_TOKEN"],
        "用户的 refresh_token，供 `weixin refresh` 使用；--token 优先",
        "The refresh token of `weixin refresh`, unless --token is given",
    ),
    row(
        &["WEIXIN_OPEN_URL"],
        "登录页的服务器 URL；--open-url 优先",
        "The URL of the login page's host, unless --open-url is given",
    ),
    row(
        &["WEIXIN_API_URL"],
        "接口的服务器 URL；--api-url 优先",
        "The URL of the API's host, unless --api-url is given",
    ),
    row(
        &["WEIXIN_SIM_URL"],
        "代替微信的模拟器的 URL，不写 --sim 时也有效；--open-url、--api-url 及其环境变量优先",
        "The URL of the simulator to use instead of WeChat, also without --sim; --open-url, --api-url and their variables come first",
    ),
    row(
        &["WEIXIN_GATEWAY_CONFIG"],
        "网关的配置文件，供 `weixin gateway` 的各命令使用；--config 优先",
        "The configuration file of the commands of `weixin gateway`, unless --config is given",
    ),
    row(
        &["LC_ALL", "LC_MESSAGES", "LANG"],
        "语言：以 `zh` 开头时使用中文，否则使用英文；取第一个有值的变量，--lang 优先",
        "The language: Chinese if the first of them with a value begins with `zh`, otherwise English; --lang comes first",
    ),
    row(
        &["NO_COLOR"],
        "有值时不使用彩色；--color 优先",
        "No color if it has a value, unless --color is given",
    ),
    row(
        &["COLUMNS"],
        "帮助和文字的行宽，最多 100；默认为终端的宽度",
        "The width of lines, at most 100; by default, that of the terminal",
    ),
    row(
        &["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"],
        "访问微信使用的代理；访问本机不使用代理",
        "The proxies of requests to WeChat, which are not used for this machine",
    ),
    row(
        &["SSL_CERT_FILE", "SSL_CERT_DIR"],
        "信任的证书，代替系统的证书（Linux）",
        "The certificates to trust instead of the system's (Linux)",
    ),
    row(
        &["DISPLAY", "WAYLAND_DISPLAY"],
        "两个变量都没有时不打开浏览器（Linux）",
        "Without both, no browser is opened (Linux)",
    ),
];

/// The variables that `weixin sim exec` sets for its program.
const SET: [Row; 8] = [
    row(
        &["HTTPS_PROXY", "https_proxy"],
        "模拟器的代理；使用 --hosts 时不设置",
        "The simulator's proxy, unless --hosts is given",
    ),
    row(
        &["NO_PROXY", "no_proxy"],
        "原来的值去掉微信的域名，再加上本机",
        "Your value without WeChat's hosts, and this machine",
    ),
    row(
        &["NODE_USE_ENV_PROXY"],
        "值为 `1`，Node 22.21 及以上版本才会使用代理",
        "`1`, so that Node 22.21 and later use the proxy",
    ),
    row(
        &["NODE_EXTRA_CA_CERTS"],
        "模拟器的 CA 证书",
        "The certificate of the simulator's authority",
    ),
    row(
        &["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
        "已信任的证书，加上模拟器的 CA 证书",
        "The certificates that are trusted already, and the simulator's",
    ),
    row(
        &["WEIXIN_SIM_URL", "WEIXIN_OPEN_URL", "WEIXIN_API_URL"],
        "模拟器的 URL，供测试和脚本使用",
        "The URL of the simulator, for tests and scripts",
    ),
    row(
        &["WEIXIN_APP_ID", "WEIXIN_APP_SECRET"],
        "模拟器的网站应用",
        "The simulator's website app",
    ),
    row(
        &["WEIXIN_SIM_CHROMIUM_ARGS"],
        "JSON 数组：Chromium 加上这些参数后，访问的微信就是模拟器",
        "The arguments that make Chromium use the simulator as WeChat, as a JSON array",
    ),
];

/// The option of each variable, with the commands that have it.
type Options = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn add_options(command: &Command, options: &mut Options) {
    for argument in command.get_arguments().filter(|one| !one.is_hide_set()) {
        let variable = argument.get_env().and_then(|name| name.to_str());
        if let (Some(variable), Some(option)) = (variable, argument.get_long()) {
            let command = command.get_bin_name().unwrap_or_default();
            let of_variable = options.entry(variable.to_owned()).or_default();
            let commands = of_variable.entry(format!("--{option}")).or_default();
            commands.push(command.to_owned());
        }
    }
    let subcommands = command.get_subcommands();
    for subcommand in subcommands.filter(|one| one.get_name() != "help") {
        add_options(subcommand, options);
    }
}

pub(super) fn section(language: Language) -> String {
    let heading = language.pick("环境变量", "Environment variables");
    let mut page = format!(
        "## {heading}\n\n### {}\n\n{}\n\n",
        language.pick("选项的环境变量", "Variables of options"),
        language.pick(
            "代替命令行选项；命令行优先。开关用 `1` 或 `0`。",
            "They replace an option; the command line comes first. A switch is `1` or `0`.",
        )
    );
    let mut options = Options::new();
    add_options(&program(), &mut options);
    for (variable, options) in &options {
        let sentences: Vec<_> = options
            .iter()
            .map(|(option, commands)| {
                let commands = values(commands.iter().map(String::as_str), language);
                match language {
                    Language::English => format!("`{option}` of {commands}"),
                    _ => format!("{commands} 的 `{option}`"),
                }
            })
            .collect();
        page += &item(variable, &sentences, language);
    }
    let rows = |rows: &[Row]| -> String {
        let rows = rows.iter().map(|row| {
            let names = row.names.join(language.pick("`、`", "`, `"));
            item(&names, &[row.text.pick(language).to_owned()], language)
        });
        rows.collect()
    };
    write!(
        page,
        "\n### {}\n\n{}\n### {}\n\n{}",
        language.pick("其他环境变量", "Other variables"),
        rows(&READ),
        language.pick(
            "weixin sim exec 为程序设置的环境变量",
            "Variables that weixin sim exec sets for the program"
        ),
        rows(&SET)
    )
    .unwrap();
    page
}

/// The variables that libraries read.
const OF_LIBRARIES: [&str; 4] = ["ALL_PROXY", "HTTP_PROXY", "NO_COLOR", "SSL_CERT_DIR"];

/// The names of variables in the sources, besides those of options.
fn in_sources(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("help/reference") {
            in_sources(&path, names);
        } else if path.is_file() {
            let source = fs::read_to_string(path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = source.lines().filter(|line| !line.contains("env!("));
            let lines = lines.filter(|line| !line.contains("env = \""));
            let texts = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
            names.extend(texts.filter(is_variable).map(str::to_owned));
        }
    }
}

fn is_variable(text: &&str) -> bool {
    let is_upper = text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    is_upper && text.contains('_')
        || text.ends_with("_proxy")
        || ["COLUMNS", "DISPLAY", "LANG"].contains(text)
}

#[test]
fn each_variable_of_the_sources_is_in_the_lists() {
    let mut found = Vec::new();
    in_sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found.extend(OF_LIBRARIES.map(str::to_owned));
    let rows = READ.iter().chain(&SET);
    let mut listed: Vec<_> = rows.flat_map(|row| row.names).copied().collect();
    found.sort();
    found.dedup();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(found, listed);
}
