//! What is found of what was made.
