//! The Chinese help: for each command its text, those of its arguments, and the text below them.

mod api;
mod command;
mod diagnosis;
mod gateway;
mod gateway_client;
mod gateway_client_changes;
mod gateway_keys;
mod gateway_user;
mod login;
mod shared;
mod shell;
mod sim;
mod trial;

pub(super) use self::command::Chinese;
#[cfg(test)]
pub(super) use self::shared::SHARED;

/// The help of all commands.
pub(super) fn all() -> impl Iterator<Item = &'static Chinese> {
    [
        trial::HELP,
        login::HELP,
        api::HELP,
        diagnosis::HELP,
        gateway::HELP,
        gateway_client::HELP,
        gateway_client_changes::HELP,
        gateway_keys::HELP,
        gateway_user::HELP,
        sim::HELP,
        shell::HELP,
    ]
    .into_iter()
    .flatten()
}

/// The help of one command.
pub(super) fn of(command: &str) -> Option<&'static Chinese> {
    all().find(|chinese| chinese.command == command)
}
