//! SQL that resolves users who were merged, for every read.

/// Joins the user of a column as `users`: the kept one, if the user was merged.
macro_rules! join_user {
    ($column:literal) => {
        concat!(
            "join users origin on origin.id = ",
            $column,
            " join users on users.id = coalesce(origin.merged_into, origin.id)"
        )
    };
}
pub(super) use join_user;

/// The users who are the one of a parameter: that one, and those merged into it.
macro_rules! members {
    ($user:literal) => {
        concat!(
            "(select id from users where id = ",
            $user,
            " or merged_into = ",
            $user,
            ")"
        )
    };
}
pub(super) use members;

/// `user_id` of the row of `subjects` by which a client knows `users`: the user's own row, else the oldest one of a user who
/// was merged into it. `cross join` keeps SQLite from reading all subjects of the client.
macro_rules! subject_owner {
    ($client:literal) => {
        concat!(
            "coalesce(
            (select own.user_id from subjects own where own.client = ",
            $client,
            " and own.user_id = users.id),
            (select known.user_id from users absorbed cross join subjects known
            where absorbed.merged_into = users.id and known.client = ",
            $client,
            " and known.user_id = absorbed.id order by known.created_at, known.user_id limit 1))"
        )
    };
}
pub(super) use subject_owner;
