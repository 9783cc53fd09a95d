//! A file of secrets that cannot be read, in both languages.

use std::{io, path::Path};

use weixin::{Bilingual, Language};

/// What a file of secrets has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Holds {
    MasterKeys,
    Secret,
}

impl Holds {
    const fn remedy(self, error: io::ErrorKind) -> Bilingual {
        match (error, self) {
            (io::ErrorKind::NotFound, Self::MasterKeys) => Bilingual {
                zh: "`weixin gateway init` 会创建密钥文件；如果数据库已在使用，请恢复密钥文件的备份",
                en: "`weixin gateway init` makes one; for a database that is in use, put the copy of its key file there",
            },
            (io::ErrorKind::NotFound, Self::Secret) => Bilingual {
                zh: "请把密钥写入该文件，只允许网关的用户读取；或填写正确的路径",
                en: "write the secret to it, readable only by the user of the gateway, or correct the path",
            },
            (io::ErrorKind::PermissionDenied, _) => Bilingual {
                zh: "请以网关的用户运行（例如 sudo -u weixin-gateway），或修改文件的所有者",
                en: "run this as the user of the gateway, such as with sudo -u weixin-gateway, or change the owner of the file",
            },
            _ => Bilingual {
                zh: "请检查该文件",
                en: "check the file",
            },
        }
    }

    /// The error for a value that may be the secret in place of its file.
    fn no_such_file(self, text_key: &str, language: Language) -> String {
        match (self, language == Language::English) {
            (Self::MasterKeys, true) => {
                "the file does not exist; if this is the key itself, write it to a file, such as gateway.key, and put the path here"
                    .to_owned()
            }
            (Self::MasterKeys, false) => {
                "文件不存在；如果这里填写的是密钥本身，请把它写入文件（例如 gateway.key），在这里填写路径".to_owned()
            }
            (Self::Secret, true) => format!(
                "the file does not exist; if this is the secret itself, use `{text_key}`, and otherwise correct the path"
            ),
            (Self::Secret, false) => {
                format!("文件不存在；如果这里填写的是密钥本身，请改用 `{text_key}`；否则请填写正确的路径")
            }
        }
    }
}

/// The text of an error for the file that `place` names by a key such as `secret_file`.
pub(super) fn text(
    place: &str,
    (holds, file, error): (Holds, &Path, io::ErrorKind),
    language: Language,
) -> String {
    if !is_certainly_path(file, error) {
        let key = place.rsplit(['.', ' ']).next().unwrap_or_default();
        let text_key = key.trim_end_matches("_file");
        return holds.no_such_file(text_key, language);
    }
    let (name, reason, remedy) = (
        file.display(),
        reason(error, language),
        holds.remedy(error).pick(language),
    );
    if language == Language::English {
        format!("{name} cannot be read: {reason}; {remedy}")
    } else {
        format!("无法读取 {name}：{reason}。{remedy}")
    }
}

/// Extensions that files of secrets have, and that no secret has: none of ours may contain a dot.
const EXTENSIONS: [&str; 4] = ["key", "pem", "secret", "txt"];

/// Whether a value is no secret that was written in place of the path. The system says of three errors that the file exists.
fn is_certainly_path(file: &Path, error: io::ErrorKind) -> bool {
    use io::ErrorKind::{InvalidData, IsADirectory, PermissionDenied};

    let has_extension = |extension| file.extension() == Some(AsRef::as_ref(extension));
    matches!(error, InvalidData | IsADirectory | PermissionDenied)
        || EXTENSIONS.into_iter().any(has_extension)
}

/// Whether the file itself has to be changed or created, and the path probably is right.
pub(super) fn is_wrong(file: &Path, error: io::ErrorKind) -> bool {
    use io::ErrorKind::{InvalidData, NotFound, PermissionDenied};

    let is_of_file = matches!(error, InvalidData | NotFound | PermissionDenied);
    is_of_file && is_certainly_path(file, error)
}

/// Why a file cannot be read.
pub(super) fn reason(error: io::ErrorKind, language: Language) -> String {
    let text = match error {
        io::ErrorKind::InvalidData => Bilingual {
            zh: "内容不是 UTF-8",
            en: "it is not UTF-8",
        },
        io::ErrorKind::IsADirectory => Bilingual {
            zh: "这是一个目录",
            en: "it is a folder",
        },
        io::ErrorKind::NotFound => Bilingual {
            zh: "文件不存在",
            en: "it does not exist",
        },
        io::ErrorKind::PermissionDenied => Bilingual {
            zh: "没有权限",
            en: "permission denied",
        },
        other => return other.to_string(),
    };
    text.pick(language).to_owned()
}
