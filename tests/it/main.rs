//! The suite: one binary, a module for each capability.
