//! The clients: what is recommended for each, and what its own configuration needs.

use serde_json::{Value, json};
use weixin::app::App;
use weixin_gateway::{AppOverview, ClientOverview, IssuerOverview};

use super::{
    super::super::doctor::{
        check::{Check, CheckResult},
        report::Report,
    },
    email,
    stored::Stored,
};
use crate::{
    error::CliError,
    message::{Message, message},
    output::table,
};

pub(super) fn examine(
    clients: &[ClientOverview],
    issuers: &[IssuerOverview],
    stored: &Stored,
    report: &mut Report,
) -> Result<(), CliError> {
    let has_unused = stored.unused.as_ref().is_some_and(|it| !it.is_empty());
    if clients.is_empty() && !has_unused {
        report.add([CheckResult::warning(
            Check::Client,
            message("没有客户端", "there is no client"),
            message(
                "为每个程序添加一个 [[client]]，或运行 `weixin gateway client add`",
                "add a [[client]] for each program whose users log in, or run `weixin gateway client add`",
            ),
        )])?;
    }
    for client in clients {
        let results = [
            Some(claims(client)),
            pkce(client),
            address(client),
            silent_login(client, issuers),
        ];
        let results = results.into_iter().flatten().chain(scopes(client));
        let results = results.chain(introspects(client, clients, stored));
        report.add(results.map(|result| result.at(&client.id)))?;
    }
    tell(clients, issuers, report)
}

/// What the templates make of a sample user.
fn claims(client: &ClientOverview) -> CheckResult {
    let sample = client.sample_claims.iter();
    let sample: Vec<_> = sample
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let detail = if sample.is_empty() {
        message("没有 claim 模板", "no claim templates")
    } else {
        let sample = sample.join(", ");
        message(
            format!("claim 示例：{sample}"),
            format!("sample claims: {sample}"),
        )
    };
    CheckResult::ok(Check::Client, detail)
}

/// A template of a claim whose scope the client may not have is of no use.
fn scopes(client: &ClientOverview) -> impl Iterator<Item = CheckResult> {
    client.claims_without_scope.iter().map(|(claim, scope)| {
        CheckResult::warning(
            Check::Client,
            message(
                format!("claims.{claim} 不起作用：scopes 中没有 {scope}"),
                format!("claims.{claim} has no effect: {scope} is not in scopes"),
            ),
            message(
                format!("在 scopes 中加入 {scope}，或删除 claims.{claim}"),
                format!("add {scope} to scopes, or remove claims.{claim}"),
            ),
        )
    })
}

/// The IDs of clients that do not exist. Of a store that could not be read, none is known to be missing.
fn introspects(
    client: &ClientOverview,
    served: &[ClientOverview],
    stored: &Stored,
) -> impl Iterator<Item = CheckResult> {
    let is_missing = |id: &&String| {
        let is_served = served.iter().any(|it| it.id == **id);
        let unused = stored.unused.as_ref();
        !is_served && unused.is_some_and(|unused| !unused.contains(id))
    };
    client.introspects.iter().filter(is_missing).map(|id| {
        CheckResult::warning(
            Check::Client,
            message(
                format!("introspects 中的 {id} 不起作用：没有这个客户端"),
                format!("{id} in introspects has no effect: there is no such client"),
            ),
            message(
                format!("修改 introspects 中的 client_id，或添加客户端 {id}"),
                format!("correct the ID in introspects, or add the client {id}"),
            ),
        )
    })
}

fn pkce(client: &ClientOverview) -> Option<CheckResult> {
    let warning = || {
        CheckResult::warning(
            Check::Pkce,
            message("不要求 PKCE", "PKCE is not required"),
            message(
                "如果程序支持 PKCE，请设置 require_pkce = true：可防止登录 CSRF 和 code 注入",
                "if the program supports it, set require_pkce = true: it prevents login CSRF and injected codes",
            ),
        )
    };
    (!client.needs_pkce).then(warning)
}

/// A program may send mail, or find an account, by an address of a stranger.
fn address(client: &ClientOverview) -> Option<CheckResult> {
    let address = client.sample_claims.get("email")?.as_str()?;
    let redirect_uris = client.redirect_uris.iter().map(String::as_str);
    let urls: Vec<_> = redirect_uris.chain([client.issuer.as_str()]).collect();
    let is_foreign = email::is_foreign(address, &urls)?;
    let domain = address.rsplit('@').next().unwrap_or_default();
    let warning = || {
        CheckResult::warning(
            Check::Email,
            message(
                format!("{domain} 不像是你的域名"),
                format!("{domain} does not seem to be a domain of yours"),
            ),
            message(
                "使用你自己的域名，或以 .invalid 结尾的域名：否则别人的邮箱可能与用户的账号关联",
                "use a domain of your own, or one that ends in .invalid: mail to users would go to strangers otherwise",
            ),
        )
    };
    is_foreign.then(warning)
}

/// WeChat confirms a user without a question inside its app only, through an official account.
fn silent_login(client: &ClientOverview, issuers: &[IssuerOverview]) -> Option<CheckResult> {
    let mut issuers = issuers.iter();
    let issuer = issuers.find(|issuer| issuer.url == client.issuer)?;
    let is_account = |app: &AppOverview| matches!(app.app, App::OfficialAccount(_));
    let warning = || {
        CheckResult::warning(
            Check::Client,
            message(
                "silent_login = true 不起作用：issuer 没有公众号",
                "silent_login = true has no effect: the issuer has no official account",
            ),
            message(
                "在 [[issuer]] apps 中加入 [app.official_account]，或删除 silent_login",
                "add an [app.official_account] to apps of the [[issuer]], or remove silent_login",
            ),
        )
    };
    (client.silent_login && !issuer.apps.iter().any(is_account)).then(warning)
}

/// What the operator copies into the configuration of each program.
fn tell(
    clients: &[ClientOverview],
    issuers: &[IssuerOverview],
    report: &mut Report,
) -> Result<(), CliError> {
    let settings: Vec<_> = clients
        .iter()
        .map(|client| Settings::of(client, issuers))
        .collect();
    let json: Vec<_> = settings.iter().map(Settings::json).collect();
    let language = report.language();
    let text = || {
        let tables = settings
            .iter()
            .map(|it| it.table().pick(language).to_owned());
        let tables: Vec<_> = tables.map(|table| format!("\n{table}")).collect();
        tables.join("\n")
    };
    report.tell("clients", Value::Array(json), text)
}

/// The settings of a program.
struct Settings<'a> {
    client: &'a ClientOverview,
    discovery_url: &'a str,
}

impl<'a> Settings<'a> {
    fn of(client: &'a ClientOverview, issuers: &'a [IssuerOverview]) -> Self {
        let issuer = issuers.iter().find(|issuer| issuer.url == client.issuer);
        Self {
            client,
            discovery_url: issuer.map_or("", |issuer| &issuer.discovery_url),
        }
    }

    fn authentication(&self) -> &'static str {
        if self.client.has_secret {
            "client_secret_basic, client_secret_post"
        } else {
            "none"
        }
    }

    fn json(&self) -> Value {
        let client = self.client;
        json!({
            "client_id": client.id,
            "issuer": client.issuer,
            "discovery_url": self.discovery_url,
            "redirect_uris": client.redirect_uris,
            "authentication": self.authentication(),
            "require_pkce": client.needs_pkce,
            "scopes": client.scopes,
            "id_token_alg": client.id_token_alg,
            "sample_claims": client.sample_claims,
        })
    }

    fn table(&self) -> Message {
        let client = self.client;
        let text = |text: &str| Message::untranslated(text);
        let pkce = if client.needs_pkce {
            message("S256，必须", "S256, required")
        } else {
            message("S256，可选", "S256, optional")
        };
        table(&[
            (["client_id", "client ID"], text(&client.id)),
            (["issuer", "issuer"], text(&client.issuer)),
            (["Discovery URL", "discovery URL"], text(self.discovery_url)),
            (
                ["redirect_uri", "redirect URIs"],
                text(&client.redirect_uris.join(" ")),
            ),
            (
                ["客户端认证", "authentication"],
                text(self.authentication()),
            ),
            (["PKCE", "PKCE"], pkce),
            (["scope", "scopes"], text(&client.scopes)),
            (
                ["ID Token 算法", "ID token algorithm"],
                text(client.id_token_alg),
            ),
        ])
    }
}
