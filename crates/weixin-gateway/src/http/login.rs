//! A waiting request continues. Opening its URL has the effect of opening the client's own authorization URL.

use axum::{extract::Path, response::Response};

use super::{error::Failure, visitor::Visitor};

pub(super) async fn login(visitor: Visitor, Path(id): Path<String>) -> Response {
    let response = visitor.continued(&id).await;
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

impl Visitor {
    async fn continued(&self, id: &str) -> Result<Response, Failure> {
        let Ok(id) = id.parse() else {
            return Ok(self.expired());
        };
        let Some(waiting) = self.waiting(id).await? else {
            return Ok(self.expired());
        };
        let session = self.session().await?;
        self.proceed(waiting, session.as_ref()).await
    }
}
