//! The WeChat side of a login: which user it is, and what WeChat says about the user.

pub(crate) mod current_session;
pub(crate) mod link;
pub(crate) mod login_event;
pub(crate) mod login_outcome;
pub(crate) mod profile;
pub(crate) mod silent;
