//! A waiting request continues. Opening its URL has the effect of opening the client's own authorization URL.

use std::sync::Arc;

use axum::{extract::Path, response::Response};

use super::{error::Failure, visitor::Visitor, waiting::Waiting};

pub(super) async fn login(visitor: Visitor, Path(id): Path<String>) -> Response {
    let provider = Arc::clone(&visitor.provider);
    let visitor = visitor.at(id.parse().ok());
    let waiting = match provider.waiting_with(&id).await {
        Ok(Some(waiting)) => waiting,
        Ok(None) => return visitor.expired(),
        Err(failure) => return visitor.failed(&failure),
    };
    let visitor = visitor.preferring(&waiting.request);
    let response = visitor.continued(waiting).await;
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

impl Visitor {
    pub(super) async fn continued(&self, waiting: Waiting<'_>) -> Result<Response, Failure> {
        let session = self.session().await?;
        self.proceed(waiting, session.as_ref()).await
    }
}
