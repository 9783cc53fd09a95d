//! Mistakes in the use of the SDK that do not compile, in `tests/`. They are a crate of their own, since `trybuild` builds
//! all dependencies of the tested crate a second time: here they are few.
