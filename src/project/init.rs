//! Writes a starter.
