//! The laws of the store once more, over a store that compacts all its days after each step.

#[path = "laws.rs"]
mod laws;
