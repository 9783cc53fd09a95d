//! What the errors of a database mean: their kind, their text in Chinese, and what the operator can do.

use std::io;

use sqlx::error::DatabaseError;
use weixin::{Bilingual, Language};

use super::connection::ACQUIRE_TIMEOUT;

/// The codes (SQLSTATE) with which PostgreSQL rejects a connection or a statement of a user.
const NOT_ALLOWED_HERE: &str = "28000";
const WRONG_PASSWORD: &str = "28P01";
const UNKNOWN_DATABASE: &str = "3D000";
const NO_PERMISSION: &str = "42501";
const TOO_MANY_CONNECTIONS: &str = "53300";
const STARTING: &str = "57P03";
const LOCK_TIMEOUT: &str = "55P03";
const COMPLETION_UNKNOWN: &str = "40003";
/// Classes of a commit that PostgreSQL has undone: violated constraints, failed transactions, serialization failures and
/// deadlocks, a full disk or memory; and SQLite's codes of a file that another program has locked, and of a full disk.
const UNDONE: [&str; 4] = ["23", "25", "40", "53"];
const UNDONE_BY_SQLITE: [&str; 2] = ["5", "13"];
/// SQLite's code of a file that is no database (`SQLITE_NOTADB`).
const NOT_A_DATABASE: &str = "26";

/// PostgreSQL's codes of a connection that fails, of too many connections, of a server that stops or starts, and of a
/// replica, which the server is until it takes over; and SQLite's of a file that another program has locked.
const AWAY: [&str; 11] = [
    "08000", "08001", "08003", "08004", "08006", "53300", "57P01", "57P02", "57P03", "25006", "5",
];

/// PostgreSQL's codes of a serialization failure and of a deadlock.
const ROLLED_BACK: [&str; 2] = ["40001", "40P01"];

/// What the operator can do, if that is the same wherever the error is met.
pub(crate) fn remedy(error: &sqlx::Error) -> Option<Bilingual> {
    match error {
        sqlx::Error::Io(error) if is_unknown_host(error) => Some(HOST),
        sqlx::Error::Io(error) if is_of_certificate(error) => Some(Bilingual {
            en: "check the certificate of PostgreSQL: it must be for the host in [store] url, and of an authority that the system or the file of sslrootcert has. An authority's own certificate is none of a server",
            zh: "请检查 PostgreSQL 的证书：它必须属于 [store] url 中的主机，并由系统信任的机构或 sslrootcert 文件中的机构签发。机构自己的证书不能用作服务器证书",
        }),
        sqlx::Error::Io(_) => Some(Bilingual {
            en: "start PostgreSQL, and check the host and the port in [store] url, and the firewalls between",
            zh: "请启动 PostgreSQL，并检查 [store] url 中的主机和端口，以及中间的防火墙",
        }),
        sqlx::Error::Tls(_) => Some(Bilingual {
            en: "turn TLS on in PostgreSQL (`ssl = on`, with a certificate), or leave sslmode out of [store] url on a network that no one else can read",
            zh: "请在 PostgreSQL 中启用 TLS（`ssl = on`，并配置证书）；在他人无法窃听的网络中，也可以从 [store] url 中去掉 sslmode",
        }),
        sqlx::Error::Database(error) => remedy_of_code(&error.code()?),
        _ => None,
    }
}

fn remedy_of_code(code: &str) -> Option<Bilingual> {
    Some(match code {
        NOT_ALLOWED_HERE => Bilingual {
            en: "correct the user in [store] url, or let it connect from this machine: pg_hba.conf of PostgreSQL decides",
            zh: "请修改 [store] url 中的用户，或在 PostgreSQL 的 pg_hba.conf 中允许它从本机连接",
        },
        WRONG_PASSWORD => Bilingual {
            en: "correct the user and the password in [store] url. Write %, &, ?, @, /, # and : of the password as %25, %26, %3F, %40, %2F, %23 and %3A. A password that is not in the URL: PGPASSWORD, or the file of PGPASSFILE or .pgpass, which is ignored if others can read it (chmod 600)",
            zh: "请修改 [store] url 中的用户和密码。密码中的 %、&、?、@、/、#、: 要写成 %25、%26、%3F、%40、%2F、%23、%3A。密码不在 URL 中时：PGPASSWORD，或 PGPASSFILE 指定的文件、.pgpass，其他用户可以读取的文件会被忽略（chmod 600）",
        },
        UNKNOWN_DATABASE => Bilingual {
            en: "create the database (`createdb --owner USER DATABASE`, as an administrator of PostgreSQL), or correct its name in [store] url",
            zh: "请创建数据库（以 PostgreSQL 管理员身份运行 `createdb --owner 用户 数据库`），或修改 [store] url 中的数据库名",
        },
        NO_PERMISSION => Bilingual {
            en: "in [store] url, use the user who owns the database and its tables. An administrator of PostgreSQL makes a user the owner by `alter database DATABASE owner to USER`",
            zh: "请在 [store] url 中使用数据库及其表的所有者。PostgreSQL 管理员用 `alter database 数据库 owner to 用户` 指定所有者",
        },
        TOO_MANY_CONNECTIONS => Bilingual {
            en: "raise max_connections of PostgreSQL, or close other programs that use it",
            zh: "请调大 PostgreSQL 的 max_connections，或关闭使用它的其他程序",
        },
        STARTING => Bilingual {
            en: "PostgreSQL is starting or stopping: try again in a moment",
            zh: "PostgreSQL 正在启动或停止：请稍后重试",
        },
        LOCK_TIMEOUT => Bilingual {
            en: "another program holds a table in a transaction, such as a backup or a vacuum: try again once it has ended (pg_stat_activity of PostgreSQL shows it)",
            zh: "另一个程序的事务（例如备份或 vacuum）占用了表：请等它结束后重试（PostgreSQL 的 pg_stat_activity 中可以看到）",
        },
        NOT_A_DATABASE => Bilingual {
            en: "the file of [store] url is no database of SQLite: correct the path, or put a backup in its place",
            zh: "[store] url 指定的文件不是 SQLite 数据库：请修改路径，或用备份替换该文件",
        },
        _ => return None,
    })
}

/// What the operator can do about a host that is unknown.
pub(super) const HOST: Bilingual = Bilingual {
    en: "correct the host in [store] url. If this is not the host: write %, &, ?, @, /, # and : of the password as %25, %26, %3F, %40, %2F, %23 and %3A",
    zh: "请修改 [store] url 中的主机。如果这不是主机名：密码中的 %、&、?、@、/、#、: 要写成 %25、%26、%3F、%40、%2F、%23、%3A",
};

/// Whether the name of a host is unknown. The library has no kind for this error.
pub(crate) fn is_unknown_host(error: &io::Error) -> bool {
    error.to_string().contains("lookup address")
}

/// Whether TLS failed, as the certificate is not valid. The library has no kind for this error either.
fn is_of_certificate(error: &io::Error) -> bool {
    error.to_string().contains("certificate")
}

/// Whether the database cannot be reached, or takes no write now.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => has_code(error, &AWAY),
    }
}

/// Whether a commit that has failed like this may have been made: unless the database says that it has undone it, there may be
/// no response, or one of something between, such as a pool that has lost its connection, or the disk has failed.
pub(super) fn leaves_commit_unknown(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return true;
    };
    let code = error.code().unwrap_or_default();
    let is_of = |class: &&str| code.len() == 5 && code.starts_with(*class);
    let is_undone = UNDONE.iter().any(is_of) || UNDONE_BY_SQLITE.contains(&&*code);
    !is_undone || code == COMPLETION_UNKNOWN
}

/// Whether PostgreSQL has undone a statement, because others were in its way.
pub(super) fn is_rolled_back(error: &sqlx::Error) -> bool {
    has_code(error, &ROLLED_BACK)
}

/// Whether PostgreSQL has undone a statement, because a lock that it may wait for only briefly was not free.
pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    has_code(error, &[LOCK_TIMEOUT])
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| codes.contains(&&*code))
}

/// Whether a statement contradicts what is stored.
pub(super) fn is_constraint_violation(error: &dyn DatabaseError) -> bool {
    error.is_unique_violation()
        || error.is_foreign_key_violation()
        || error.is_check_violation()
        || matches!(error.kind(), sqlx::error::ErrorKind::NotNullViolation)
}

/// The text for a pool that has no connection for a statement: the library's would send operators to a setting of the pool.
pub(crate) fn no_connection(language: Language) -> String {
    let seconds = ACQUIRE_TIMEOUT.as_secs();
    if language == Language::English {
        format!(
            "no connection within {seconds} seconds: PostgreSQL does not run, cannot be reached, or has no connection left (`weixin gateway check` says more)"
        )
    } else {
        format!(
            "{seconds} 秒内没有得到连接：PostgreSQL 没有运行、无法访问，或连接数已达上限（详情见 `weixin gateway check`）"
        )
    }
}

/// The text in Chinese, of the most frequent errors.
pub(crate) fn chinese(error: &dyn DatabaseError) -> String {
    let english = error.message();
    let text = match error.code().as_deref() {
        Some(WRONG_PASSWORD) => "用户名或密码错误",
        Some(NOT_ALLOWED_HERE) => "不允许该用户连接",
        Some(UNKNOWN_DATABASE) => match quoted(english) {
            Some(name) => return format!("数据库 {name} 不存在"),
            None => "数据库不存在",
        },
        Some(NO_PERMISSION) => match english.strip_prefix("permission denied for ") {
            Some(object) => return format!("没有权限访问 {object}"),
            None => "没有权限",
        },
        Some(TOO_MANY_CONNECTIONS) => "连接数已达上限",
        Some(STARTING) => "数据库正在启动或停止",
        Some(LOCK_TIMEOUT) => "等待表锁超时",
        _ => of_sqlite(english),
    };
    text.to_owned()
}

fn of_sqlite(english: &str) -> &str {
    match english {
        "attempt to write a readonly database" => "数据库是只读的",
        "database disk image is malformed" => "数据库文件已损坏",
        "database is locked" => "数据库被其他程序锁定",
        "database or disk is full" => "磁盘空间不足",
        "disk I/O error" => "磁盘读写出错",
        "file is not a database" => "文件不是 SQLite 数据库",
        "unable to open database file" => "无法打开数据库文件",
        other => other,
    }
}

fn quoted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('"')?;
    Some(rest.split_once('"')?.0)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{borrow::Cow, error::Error as StdError};

    use sqlx::error::ErrorKind;
    use thiserror::Error;

    use super::*;

    /// What a database returns, by its code.
    #[derive(Debug, Error)]
    #[error("code {0}")]
    pub(crate) struct CodedError(pub(crate) &'static str);

    impl DatabaseError for CodedError {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    #[test]
    fn only_a_database_that_has_responded_says_that_nothing_was_committed() {
        for (code, expected) in [
            ("08P01", true), // a pool whose server has vanished
            ("08007", true),
            ("57P01", true), // the server stops
            ("40003", true),
            ("40001", false), // serialization failure
            ("53100", false), // disk full
            ("23505", false), // unique violation
            ("13", false),    // SQLite: full
            ("10", true),     // SQLite: the disk has failed
            ("58000", true),  // a pool
            ("XX000", true),
        ] {
            let error = sqlx::Error::Database(Box::new(CodedError(code)));
            assert_eq!(leaves_commit_unknown(&error), expected, "{code}");
        }
        let cut = sqlx::Error::Io(io::Error::other("cut"));
        assert!(leaves_commit_unknown(&cut));
        assert!(leaves_commit_unknown(&sqlx::Error::Protocol(
            "unexpected".to_owned()
        )));
    }

    /// PostgreSQL has responded: firewalls let the connection pass.
    #[test]
    fn the_remedy_of_a_wrong_certificate_is_another_certificate() {
        for (text, expected) in [
            (
                "invalid peer certificate: UnknownIssuer",
                "check the certificate of PostgreSQL",
            ),
            ("Connection refused (os error 111)", "start PostgreSQL"),
        ] {
            let error = sqlx::Error::Io(io::Error::other(text));
            let remedy = remedy(&error).unwrap();
            assert!(remedy.en.starts_with(expected), "{text}");
        }
    }
}
