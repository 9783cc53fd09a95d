//! Parameters of a request.
