//! Columns of a row as the types that they were written from.

use std::error::Error;

use serde::de::DeserializeOwned;
use sqlx::{Row, any::AnyRow};

use crate::{
    oidc::Timestamp,
    secret::{RowSecret, SecretHash},
};

fn decoded<T, E>(column: &str, value: Result<T, E>) -> sqlx::Result<T>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    value.map_err(|source| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: source.into(),
    })
}

/// An ID or another text with a rule.
pub(super) fn text<T>(row: &AnyRow, column: &str) -> sqlx::Result<T>
where
    T: TryFrom<String>,
    T::Error: Into<Box<dyn Error + Send + Sync>>,
{
    decoded(column, T::try_from(row.try_get::<String, _>(column)?))
}

pub(super) fn optional_text<T>(row: &AnyRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: TryFrom<String>,
    T::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| decoded(column, T::try_from(text)))
        .transpose()
}

/// One of the words of an enum.
pub(super) fn word<T>(
    row: &AnyRow,
    column: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> sqlx::Result<T> {
    let text: String = row.try_get(column)?;
    decoded(column, parse(&text).ok_or("an unknown word"))
}

pub(super) fn optional_word<T>(
    row: &AnyRow,
    column: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> sqlx::Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| decoded(column, parse(&text).ok_or("an unknown word")))
        .transpose()
}

pub(super) fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> sqlx::Result<T> {
    let text: String = row.try_get(column)?;
    // Its own message would repeat the value.
    let value = serde_json::from_str(&text)
        .map_err(|error| format!("not the expected JSON at column {}", error.column()));
    decoded(column, value)
}

/// A number that is counted up.
pub(super) fn number(row: &AnyRow, column: &str) -> sqlx::Result<u32> {
    decoded(column, row.try_get::<i64, _>(column)?.try_into())
}

pub(super) fn time(row: &AnyRow, column: &str) -> sqlx::Result<Timestamp> {
    row.try_get(column).map(Timestamp::from_millis)
}

pub(super) fn optional_time(row: &AnyRow, column: &str) -> sqlx::Result<Option<Timestamp>> {
    let millis: Option<i64> = row.try_get(column)?;
    Ok(millis.map(Timestamp::from_millis))
}

pub(super) fn secret(row: &AnyRow, column: &str) -> sqlx::Result<RowSecret> {
    let bytes: &[u8] = row.try_get(column)?;
    decoded(column, bytes.try_into().map(RowSecret::from_bytes))
}

pub(super) fn hash(row: &AnyRow, column: &str) -> sqlx::Result<SecretHash> {
    let bytes: &[u8] = row.try_get(column)?;
    decoded(column, bytes.try_into().map(SecretHash::from_bytes))
}
