//! The test account, whose app ID and app secret replace the simulator's in a request.

use url::form_urlencoded::byte_serialize;
use weixin::{AppId, AppSecret};

use super::{
    cases::{Body, Case, Needs},
    pattern::{Names, has_unknown},
};
use crate::{
    args,
    error::CliError,
    settings::{SIM_APP_SECRET, SIM_OFFICIAL_ACCOUNT, SIM_WEBSITE, app_secret},
};

/// A test account, as far as it is known.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: Option<AppId>,
    pub(super) secret: Option<AppSecret>,
}

/// The reason why a case cannot be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Missing {
    AppId,
    AppSecret,
    /// A value of the response to an earlier case.
    Value,
}

impl Missing {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::AppId => "no app ID",
            Self::AppSecret => "no app secret",
            Self::Value => "the response to an earlier case is missing",
        }
    }
}

/// A request without placeholders.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) path: String,
    pub(super) body: Body,
}

impl Account {
    /// The account of the arguments. For a simulator, its official account.
    pub(super) fn of(args: &args::Compare) -> Result<Self, CliError> {
        let is_sim = args.endpoints.sim.is_some();
        let id = match &args.app_id {
            Some(id) => Some(id.clone()),
            None if is_sim => Some(SIM_OFFICIAL_ACCOUNT.parse()?),
            None => None,
        };
        let secret = app_secret(args.app_secret_file.as_deref(), is_sim)?;
        Ok(Self { id, secret })
    }

    /// What the account does not have for a case.
    pub(super) fn missing(&self, case: &Case) -> Option<Missing> {
        if case.needs == Needs::NoSecret {
            return None;
        }
        let has_secret = [case.path.as_str(), case.body.text()]
            .iter()
            .any(|text| text.contains(SIM_APP_SECRET));
        match self {
            Self { id: None, .. } => Some(Missing::AppId),
            Self { secret: None, .. } if has_secret => Some(Missing::AppSecret),
            _ => None,
        }
    }

    /// The request of a case, with this account and the values of earlier responses.
    pub(super) fn fill(&self, case: &Case, names: &Names) -> Result<Filled, Missing> {
        let expected = case.answer.body.as_deref().unwrap_or_default();
        if has_unknown(expected, names) {
            return Err(Missing::Value);
        }
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let in_json = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let path = self.replace(case, &case.path, names, &encoded)?;
        let body = match &case.body {
            Body::None => Body::None,
            Body::Form(form) => Body::Form(self.replace(case, form, names, &encoded)?),
            Body::Json(json) => Body::Json(self.replace(case, json, names, &in_json)?),
        };
        Ok(Filled { path, body })
    }

    fn replace(
        &self,
        case: &Case,
        text: &str,
        names: &Names,
        escape: &dyn Fn(&str) -> String,
    ) -> Result<String, Missing> {
        let mut text = text.to_owned();
        if case.needs == Needs::TestAccount {
            if let Some(id) = &self.id {
                let id = escape(id.as_str());
                text = text
                    .replace(SIM_OFFICIAL_ACCOUNT, &id)
                    .replace(SIM_WEBSITE, &id);
            }
            if let Some(secret) = &self.secret {
                text = text.replace(SIM_APP_SECRET, &escape(secret.expose()));
            }
        }
        for (name, value) in names {
            text = text.replace(&format!("<{name}>"), &escape(value));
        }
        if text.contains('<') {
            return Err(Missing::Value);
        }
        Ok(text)
    }
}
