//! The steps of a login, as the page shows them.

use weixin::Bilingual;

use crate::message::Message;

/// What a step is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Discovery,
    Request,
    WeChat,
    Response,
    Token,
    IdToken,
    UserInfo,
}

impl Stage {
    pub(super) const ALL: [Self; 7] = [
        Self::Discovery,
        Self::Request,
        Self::WeChat,
        Self::Response,
        Self::Token,
        Self::IdToken,
        Self::UserInfo,
    ];

    /// Such as 1.
    pub(super) fn number(self) -> usize {
        self as usize + 1
    }

    pub(super) fn title(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Discovery => ("Discovery", "Discovery"),
            Self::Request => ("授权请求", "Authorization request"),
            Self::WeChat => ("微信登录", "Login with WeChat"),
            Self::Response => ("授权响应", "Authorization response"),
            Self::Token => ("换取 token", "Token request"),
            Self::IdToken => ("校验 ID Token", "ID token"),
            Self::UserInfo => ("UserInfo", "Userinfo"),
        };
        Bilingual { en, zh }
    }

    pub(super) fn text(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Discovery => (
                "客户端的配置中只有 issuer。它从 issuer 的元数据中读取各个接口的 URL。",
                "The client is configured with the issuer only. It reads the URLs of the endpoints from the issuer’s metadata.",
            ),
            Self::Request => (
                "客户端生成随机值并保存，然后让浏览器跳转到 authorization_endpoint。",
                "The client makes random values, keeps them, and sends the browser to the authorization endpoint.",
            ),
            Self::WeChat => (
                "网关让浏览器跳转到微信登录页，再换取用户的身份。客户端不接触微信，也没有 AppSecret。",
                "The gateway sends the browser to WeChat and finds out who the user is. The client never talks to WeChat, and has no app secret.",
            ),
            Self::Response => (
                "网关让浏览器带着 code 回到客户端的 redirect_uri。客户端先校验这个响应。",
                "The gateway sends the browser back to the client’s redirect URI, with a code. The client checks the response first.",
            ),
            Self::Token => (
                "客户端的服务器用 code 换取 token：用 client_secret 证明自己的身份，用 code_verifier 证明登录由它发起。",
                "The client’s server exchanges the code. The client secret proves who it is, the code verifier that it began this login.",
            ),
            Self::IdToken => (
                "ID Token 说明用户是谁。客户端用网关的公钥校验签名，再校验其中的内容。",
                "The ID token says who the user is. The client verifies its signature with the gateway’s public key, and then its claims.",
            ),
            Self::UserInfo => (
                "客户端用 access_token 读取用户信息。",
                "With the access token, the client reads the user’s claims.",
            ),
        };
        Bilingual { en, zh }
    }
}

/// A step that has happened.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) stage: Stage,
    pub(super) parts: Vec<Part>,
    pub(super) is_ok: bool,
}

impl Step {
    pub(super) fn new(stage: Stage, parts: Vec<Part>) -> Self {
        Self {
            stage,
            is_ok: !parts.iter().any(Part::has_failed),
            parts,
        }
    }

    pub(super) fn failed(stage: Stage, parts: Vec<Part>) -> Self {
        Self {
            stage,
            parts,
            is_ok: false,
        }
    }
}

/// A part of a step.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A request and its response.
    Http(Exchange),
    /// A URL that the browser opens.
    Url {
        caption: Bilingual,
        url: String,
    },
    /// Parameters or claims.
    Table {
        caption: Bilingual,
        rows: Vec<Row>,
    },
    /// The three parts of a signed token.
    Jwt(String),
    Checks(Vec<Check>),
    Note(Message),
}

impl Part {
    fn has_failed(&self) -> bool {
        match self {
            Self::Checks(checks) => checks.iter().any(|check| !check.is_passed),
            Self::Http(exchange) => exchange.is_error,
            _ => false,
        }
    }
}

/// A request and its response.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) caption: Bilingual,
    pub(super) sent: String,
    /// Such as `200 OK`.
    pub(super) status: String,
    pub(super) received: String,
    /// Its response is folded.
    pub(super) is_long: bool,
    pub(super) is_error: bool,
}

/// A parameter or claim.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) meaning: Option<Bilingual>,
}

/// A check of the client.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) text: Bilingual,
    pub(super) is_passed: bool,
}

impl Check {
    pub(super) fn new(is_passed: bool, zh: &'static str, en: &'static str) -> Self {
        Self {
            text: Bilingual { en, zh },
            is_passed,
        }
    }
}
