//! The tables that are copied, and the statements for one of them.

/// How a column is read and bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Kind {
    Text,
    Number,
    Bytes,
}

/// A table with all of its columns.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) columns: &'static [(&'static str, Kind)],
}

use Kind::{Bytes, Number, Text};

/// All tables but `schema`, whose row the migrations insert. A test compares them with those that the migrations make.
pub(in crate::store) const TABLES: [Table; 13] = [
    Table {
        name: "users",
        columns: &[
            ("id", Text),
            ("created_at", Number),
            ("last_seen_at", Number),
            ("nickname", Text),
            ("picture", Text),
            ("profile_at", Number),
            ("disabled_at", Number),
            ("merged_into", Text),
            ("merged_at", Number),
            ("logged_out_at", Number),
        ],
    },
    Table {
        name: "identities",
        columns: &[
            ("identity", Text),
            ("user_id", Text),
            ("created_at", Number),
        ],
    },
    Table {
        name: "subjects",
        columns: &[
            ("client", Text),
            ("user_id", Text),
            ("sub", Text),
            ("created_at", Number),
        ],
    },
    Table {
        name: "client_revocations",
        columns: &[("client", Text), ("revoked_at", Number)],
    },
    Table {
        name: "requests",
        columns: &[
            ("id", Text),
            ("issuer", Text),
            ("client", Text),
            ("body", Text),
            ("created_at", Number),
            ("expires_at", Number),
        ],
    },
    Table {
        name: "logins",
        columns: &[("state", Text), ("seed", Bytes), ("expires_at", Number)],
    },
    Table {
        name: "sessions",
        columns: &[
            ("sid", Text),
            ("id_hash", Bytes),
            ("secret", Bytes),
            ("issuer", Text),
            ("user_id", Text),
            ("request", Text),
            ("auth_time", Number),
            ("amr", Text),
            ("app", Text),
            ("created_at", Number),
            ("last_seen_at", Number),
            ("expires_at", Number),
            ("ended_at", Number),
            ("ended_reason", Text),
            ("renewed_by", Text),
            ("former_hash", Bytes),
        ],
    },
    Table {
        name: "grants",
        columns: &[
            ("id", Text),
            ("secret", Bytes),
            ("client", Text),
            ("user_id", Text),
            ("sub", Text),
            ("sid", Text),
            ("app", Text),
            ("scopes", Text),
            ("claims", Text),
            ("auth_time", Number),
            ("offline", Number),
            ("seq", Number),
            ("rotated_at", Number),
            ("created_at", Number),
            ("expires_at", Number),
            ("ends_at", Number),
            ("keep_until", Number),
            ("revoked_at", Number),
            ("revoked_reason", Text),
        ],
    },
    Table {
        name: "consents",
        columns: &[
            ("user_id", Text),
            ("client", Text),
            ("scopes", Text),
            ("created_at", Number),
        ],
    },
    Table {
        name: "clients",
        columns: &[
            ("id", Text),
            ("issuer", Text),
            ("origin", Text),
            ("body", Text),
            ("updated_at", Number),
            ("disabled_at", Number),
        ],
    },
    Table {
        name: "keys",
        columns: &[
            ("kid", Text),
            ("alg", Text),
            ("number", Number),
            ("encrypted_key", Bytes),
            ("published_at", Number),
            ("active_at", Number),
            ("retired_at", Number),
            ("removed_at", Number),
        ],
    },
    Table {
        name: "logouts",
        columns: &[
            ("id", Text),
            ("client", Text),
            ("sid", Text),
            ("sub", Text),
            ("due_at", Number),
            ("attempts", Number),
        ],
    },
    Table {
        name: "audit",
        columns: &[
            ("id", Text),
            ("at", Number),
            ("event", Text),
            ("client", Text),
            ("user_id", Text),
            ("reference", Text),
            ("detail", Text),
        ],
    },
];

impl Table {
    pub(super) fn count(&self) -> String {
        format!("select count(*) from {}", self.name)
    }

    pub(super) fn select(&self) -> String {
        format!("select {} from {}", self.names(), self.name)
    }

    /// Inserts this number of rows at once.
    pub(super) fn insert(&self, rows: usize) -> String {
        let width = self.columns.len();
        let row = |row: usize| {
            let numbers = (1..=width).map(|column| format!("${}", row * width + column));
            format!("({})", numbers.collect::<Vec<_>>().join(", "))
        };
        let rows: Vec<_> = (0..rows).map(row).collect();
        let (name, names) = (self.name, self.names());
        format!("insert into {name} ({names}) values {}", rows.join(", "))
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_an_insert_has_parameters_of_its_own() {
        let table = Table {
            name: "t",
            columns: &[("a", Text), ("b", Number)],
        };
        assert_eq!(
            table.insert(3),
            "insert into t (a, b) values ($1, $2), ($3, $4), ($5, $6)"
        );
        assert_eq!(table.select(), "select a, b from t");
    }
}
