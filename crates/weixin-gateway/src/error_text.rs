//! Errors with their causes in one line, in both languages.

use std::{error::Error, io, iter::successors, sync::Arc};

use sqlx::migrate::MigrateError;
use weixin::Language;

use crate::store::database_error;

/// An error with its causes, in one line of the log.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    with_causes(error.to_string(), error, Language::English)
}

/// A text with the causes of an error. What a cause repeats of the one below it is left out.
pub(crate) fn with_causes(
    head: String,
    error: &(dyn Error + 'static),
    language: Language,
) -> String {
    let colon = if language == Language::English {
        ": "
    } else {
        "："
    };
    let own = error.to_string();
    let causes: Vec<_> = successors(error.source(), |error| (*error).source()).collect();
    let mut text = head;
    // What the text so far repeats already, in English.
    let mut said = own;
    for cause in causes {
        let english = cause.to_string();
        // A transparent error has the text of its cause, and some drivers append it to theirs.
        if said.ends_with(&english) {
            continue;
        }
        // It says in English what failed, as the text so far does, and repeats its cause.
        if cause.is::<MigrateError>() && cause.source().is_some() {
            continue;
        }
        text = format!("{text}{colon}{}", cause_text(cause, language));
        said = english;
    }
    text
}

/// The text of a cause. Those of databases and operating systems are in English, and the most frequent ones are translated.
fn cause_text(cause: &(dyn Error + 'static), language: Language) -> String {
    let shared = cause.downcast_ref::<Arc<sqlx::Error>>().map(|it| &**it);
    let database = cause.downcast_ref::<sqlx::Error>().or(shared);
    if let Some(sqlx::Error::PoolTimedOut) = database {
        return database_error::no_connection(language);
    }
    if language == Language::English {
        return match database {
            // Without the line of PostgreSQL's source, which the driver appends.
            Some(sqlx::Error::Database(error)) => {
                format!("error returned from database: {}", error.message())
            }
            _ => cause.to_string(),
        };
    }
    if let Some(error) = database {
        return match error {
            sqlx::Error::Io(error) => format!("无法与数据库通信：{}", system_error(error)),
            sqlx::Error::Tls(error) => format!("与数据库的 TLS 连接失败：{error}"),
            sqlx::Error::Database(error) => {
                format!("数据库返回错误：{}", database_error::chinese(&**error))
            }
            other => other.to_string(),
        };
    }
    match cause.downcast_ref::<io::Error>() {
        Some(error) => system_error(error),
        None => cause.to_string(),
    }
}

fn system_error(error: &io::Error) -> String {
    if database_error::is_unknown_host(error) {
        return "无法解析主机名".to_owned();
    }
    let chinese = match error.kind() {
        io::ErrorKind::ConnectionRefused => "连接被拒绝",
        io::ErrorKind::ConnectionReset => "连接被重置",
        io::ErrorKind::NotFound => "文件或目录不存在",
        io::ErrorKind::PermissionDenied => "没有权限",
        io::ErrorKind::IsADirectory => "是一个目录",
        io::ErrorKind::StorageFull => "磁盘空间不足",
        io::ErrorKind::TimedOut => "超时",
        _ => return error.to_string(),
    };
    match error.raw_os_error() {
        Some(code) => format!("{chinese}（os error {code}）"),
        None => chinese.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{OpenError, StoreError};

    fn refused() -> sqlx::Error {
        sqlx::Error::Io(io::Error::from_raw_os_error(111))
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_cause_is_told_once_and_in_the_language_of_the_reader() {
        let open = OpenError::from(refused());
        let store = StoreError::Database(Arc::new(refused()));
        let no_connection = StoreError::from(sqlx::Error::PoolTimedOut);
        let errors: [(&(dyn Error + 'static), &str, &str, &str); 3] = [
            (
                &open,
                "无法打开数据库",
                "the database cannot be opened: error communicating with database: Connection refused (os error 111)",
                "无法打开数据库：无法与数据库通信：连接被拒绝（os error 111）",
            ),
            (
                &store,
                "数据库出错",
                "the database failed: error communicating with database: Connection refused (os error 111)",
                "数据库出错：无法与数据库通信：连接被拒绝（os error 111）",
            ),
            (
                &no_connection,
                "数据库出错",
                "the database failed: no connection within 5 seconds: PostgreSQL does not run, cannot be reached, or has no connection left (`weixin gateway check` says more)",
                "数据库出错：5 秒内没有得到连接：PostgreSQL 没有运行、无法访问，或连接数已达上限（详情见 `weixin gateway check`）",
            ),
        ];
        for (error, head, english, chinese) in errors {
            let text = with_causes(error.to_string(), error, Language::English);
            assert_eq!(text, english);
            assert_eq!(
                with_causes(head.to_owned(), error, Language::Chinese),
                chinese
            );
        }
    }
}
