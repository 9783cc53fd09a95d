//! The failures of the store.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sqlx::migrate::MigrateError;
use thiserror::Error;
use weixin::Bilingual;

use super::database_error;
use crate::random::NoRandomBytes;

/// A read or a write failed. It is cloneable, since a failed commit is the failure of every job in it.
#[derive(Clone, Debug, Error)]
pub(crate) enum StoreError {
    /// Either clock can be wrong, and the time of what a command changes with it.
    #[error("the clock of this machine differs by {} seconds from that of the database", .0.as_secs())]
    ClocksDiffer(Duration),
    /// The write contradicts what is stored, and has changed nothing.
    #[error("the write contradicts what is stored")]
    Conflict,
    /// The database failed, or a row is not as it was written.
    #[error("the database failed")]
    Database(#[source] Arc<sqlx::Error>),
    /// Too many writes wait: try again in a second.
    #[error("too many writes are waiting")]
    Overloaded,
    /// A job panicked.
    #[error("a write panicked")]
    Panicked,
    /// The operating system has no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    /// The writer has ended.
    #[error("the store has stopped")]
    Stopped,
    /// As many authorization requests wait as may: try again later. Sessions and tokens are not affected.
    #[error("too many logins are waiting")]
    TooManyRequests,
}

impl StoreError {
    /// The Chinese text, without the causes. None for those that no command meets.
    pub(crate) fn chinese(&self) -> Option<String> {
        let text = match self {
            Self::ClocksDiffer(difference) => {
                let seconds = difference.as_secs();
                return Some(format!("本机时钟与数据库的时钟相差 {seconds} 秒"));
            }
            Self::Conflict => "写入与数据库中的内容冲突",
            Self::Database(_) => "数据库出错",
            Self::Overloaded => "等待写入的操作过多",
            Self::Stopped => "数据库已停止",
            Self::Panicked | Self::Random(_) | Self::TooManyRequests => return None,
        };
        Some(text.to_owned())
    }

    /// What the operator can do, if that depends on the database's error only.
    pub(crate) fn remedy(&self) -> Option<Bilingual> {
        match self {
            Self::ClocksDiffer(_) => Some(CLOCKS),
            Self::Database(error) => database_error::remedy(error),
            _ => None,
        }
    }

    /// Whether the database is away for some time, as PostgreSQL is while it restarts: the same request may succeed later.
    pub(crate) fn is_away(&self) -> bool {
        match self {
            Self::Database(error) => database_error::is_away(error),
            Self::Stopped => true,
            _ => false,
        }
    }

    /// Whether PostgreSQL has undone the write, because a lock that it may wait for only briefly was not free.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        matches!(self, Self::Database(error) if database_error::is_lock_timeout(error))
    }

    /// Whether PostgreSQL has undone the write, because others were in its way: the same one may succeed at once.
    pub(crate) fn is_rolled_back(&self) -> bool {
        matches!(self, Self::Database(error) if database_error::is_rolled_back(error))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// The end of a job that returns no result.
#[derive(Debug)]
pub(crate) enum JobError {
    /// Undoes this job and no other: it violates a constraint, or found that another write was faster.
    Conflict,
    /// Abandons all jobs of the commit.
    Database(sqlx::Error),
}

impl JobError {
    /// A conflict that cannot be undone by itself, since statements before it have written.
    pub(crate) fn not_undone(self) -> Self {
        match self {
            Self::Conflict => {
                Self::Database(sqlx::Error::Protocol("a random ID occurs twice".to_owned()))
            }
            failed @ Self::Database(_) => failed,
        }
    }
}

impl From<JobError> for StoreError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Conflict => Self::Conflict,
            JobError::Database(error) => error.into(),
        }
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        if error
            .as_database_error()
            .is_some_and(database_error::is_constraint_violation)
        {
            Self::Conflict
        } else {
            Self::Database(error)
        }
    }
}

/// What the operator can do if the clocks differ.
const CLOCKS: Bilingual = Bilingual {
    en: "set the wrong one right by NTP, or run the command on a machine whose clock is right: by a wrong clock, keys sign too early \
         or too late, and what is revoked is not what was meant",
    zh: "请用 NTP 校正有误的时钟，或者在时钟准确的机器上运行此命令：时钟有误时，密钥会过早或过晚生效，吊销的范围也会出错",
};

/// How a password is written in the URL of a database.
pub(crate) const PASSWORD_ESCAPES: Bilingual = Bilingual {
    en: "Write %, &, ?, @, /, # and : of a password as %25, %26, %3F, %40, %2F, %23 and %3A",
    zh: "密码中的 %、&、?、@、/、#、: 要写成 %25、%26、%3F、%40、%2F、%23、%3A",
};

/// The store cannot be opened.
#[derive(Debug, Error)]
pub(crate) enum OpenError {
    /// The database cannot be reached, or rejects a statement.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// The name of the database's host is unknown.
    #[error("the host {host} of the database cannot be found")]
    Host {
        /// Of the URL.
        host: String,
        /// What the resolver says.
        source: sqlx::Error,
    },
    /// The file cannot be created or locked.
    #[error("{path} cannot be opened")]
    File {
        /// The database, or the lock file beside it.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file of TLS that the URL names cannot be read.
    #[error("{} cannot be read", .0.display())]
    Certificate(PathBuf, #[source] std::io::Error),
    /// Another gateway has the database open.
    #[error("{0} is in use by another gateway")]
    InUse(PathBuf),
    /// A first read failed.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// A migration failed.
    #[error("the tables cannot be created or updated")]
    Migrate(#[from] MigrateError),
    /// There is no file to copy.
    #[error("PostgreSQL is backed up by its own tools, such as pg_dump")]
    NoFile,
    /// The tables must be there, and are not.
    #[error("the tables are missing or of an earlier version, and `migrate` is false")]
    Outdated,
    /// WAL needs shared memory, which a file system of another machine does not have.
    #[error("{path} is on {file_system}: SQLite needs a local file system")]
    RemoteFileSystem {
        /// The database.
        path: PathBuf,
        /// The type as the kernel names it.
        file_system: String,
    },
    /// The file of a copy cannot be made.
    #[error("{path} cannot be written")]
    Target {
        /// The copy.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The database was written by a later program, with which this one cannot work side by side.
    #[error("the database needs version {needed} of the tables; this program knows {known}")]
    TooNew {
        /// The oldest version that may be used.
        needed: i64,
        /// The version of this program.
        known: i64,
    },
    /// The URL is not of a kind that the store supports.
    #[error("the URL of the store {0}")]
    Url(&'static str),
    /// SQLite did not switch to WAL.
    #[error("{path} uses the journal mode `{mode}`: SQLite cannot use WAL here")]
    Wal {
        /// The database.
        path: PathBuf,
        /// The mode that is used instead.
        mode: String,
    },
}

impl OpenError {
    /// Whether a migration was undone, because a lock that it may wait for only briefly was not free.
    pub(super) fn is_lock_timeout(&self) -> bool {
        match self {
            Self::Migrate(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => database_error::is_lock_timeout(error),
            _ => false,
        }
    }

    /// The Chinese text, without the causes. None for those that few operators meet.
    pub(crate) fn chinese(&self) -> Option<String> {
        Some(match self {
            Self::Database(_) => "无法打开数据库".to_owned(),
            Self::File { path, .. } => format!("无法打开 {}", path.display()),
            Self::Certificate(path, _) => format!("无法读取 {}", path.display()),
            Self::Host { host, .. } => format!("找不到数据库的主机 {host}"),
            Self::InUse(path) => format!("{} 正被另一个网关使用", path.display()),
            Self::Migrate(_) => "无法创建或更新数据库的表".to_owned(),
            Self::NoFile => "PostgreSQL 请用它自己的工具备份，例如 pg_dump".to_owned(),
            Self::Outdated => "数据库的表不存在或来自较早的版本，且 `migrate` 为 false".to_owned(),
            Self::RemoteFileSystem { path, file_system } => format!(
                "{} 位于 {file_system}：SQLite 需要本地文件系统",
                path.display()
            ),
            Self::Target { path, .. } => format!("无法写入 {}", path.display()),
            Self::TooNew { needed, known } => {
                format!("数据库需要版本 {needed} 的表，此程序只支持到版本 {known}：请升级程序")
            }
            Self::Read(_) | Self::Url(_) | Self::Wal { .. } => return None,
        })
    }

    /// What the operator can do.
    pub(crate) fn remedy(&self) -> Option<Bilingual> {
        Some(match self {
            Self::Database(error) => database_error::remedy(error).unwrap_or(Bilingual {
                en: "check [store] url, and the permissions of SQLite's file, or the network, user and password of PostgreSQL",
                zh: "请检查 [store] url；SQLite 还要检查文件权限，PostgreSQL 还要检查网络、用户和密码",
            }),
            Self::File { .. } => Bilingual {
                en: "the folder of [store] url must exist, and the user of the gateway must be able to write to it and to the file: run commands as that user, such as with sudo -u weixin-gateway, and give that user what another one has created (chown)",
                zh: "[store] url 的目录必须存在，且网关的用户可以写入目录和文件；请以该用户运行命令，例如 sudo -u weixin-gateway，其他用户创建的文件请用 chown 改为归它所有",
            },
            Self::Certificate(..) => Bilingual {
                en: "correct the path in sslrootcert, sslcert or sslkey of [store] url to a PEM file, and let the user of the gateway read it",
                zh: "请修改 [store] url 中 sslrootcert、sslcert 或 sslkey 的路径：应为 PEM 文件，且网关的用户可以读取",
            },
            Self::Host { .. } => database_error::HOST,
            Self::InUse(_) => Bilingual {
                en: "stop the other gateway first (`systemctl stop weixin-gateway`; the file with .lock at its end is locked as long as it runs), or use another [store] url. One that is stopping needs some seconds (its log says how many): try again then. For two servers: PostgreSQL",
                zh: "请先停止另一个网关（`systemctl stop weixin-gateway`；它运行期间一直锁定以 .lock 结尾的文件），或使用其他 [store] url。如果它正在停止，请等待几秒后重试（日志中有等待的秒数）。两台服务器请使用 PostgreSQL",
            },
            Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
                return database_error::remedy(error);
            }
            Self::Read(error) => return error.remedy(),
            Self::Outdated => Bilingual {
                en: "run `weixin gateway migrate`",
                zh: "请运行 `weixin gateway migrate`",
            },
            Self::Target { .. } => Bilingual {
                en: "the folder of the copy must exist, and the user who runs this command must be able to write there",
                zh: "副本的目录必须存在，且运行本命令的用户可以写入",
            },
            Self::RemoteFileSystem { .. } => Bilingual {
                en: "put the file of [store] url on a local disk, or use PostgreSQL",
                zh: "请把 [store] url 的文件放在本地磁盘上，或使用 PostgreSQL",
            },
            _ => return None,
        })
    }
}
