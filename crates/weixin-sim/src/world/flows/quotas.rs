//! Quotas of API calls.

use std::time::SystemTime;

use crate::{
    lint::rule::Rule,
    parameters::Parameters,
    wire::api_error::ApiError,
    world::{
        World,
        quotas::{Excess, QUOTAS},
    },
};

impl World {
    /// Counts a call. Exceeding a quota is reported, and returned as error if quotas are enforced.
    pub(crate) fn count_call(
        &mut self,
        path: &str,
        parameters: &Parameters,
        body: &[u8],
        now: SystemTime,
    ) -> Option<ApiError> {
        let index = QUOTAS.iter().position(|quota| quota.path == path)?;
        let caller = match path {
            "/sns/jscode2session" => self.user_of_code(parameters.get("js_code")),
            // Of unknown apps there can be any number.
            _ => self
                .app_of(parameters, body)
                .filter(|app| self.app(app).is_ok()),
        };
        let Excess { api_error, finding } = self.quotas.count(index, &caller?, now)?;
        if let Some(sent) = finding {
            self.findings.add(&Rule::QUOTA, sent);
        }
        self.setup.enforces_quotas.then_some(api_error)
    }
}
