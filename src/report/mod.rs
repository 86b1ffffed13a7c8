//! Renders what the other layers found, for people and for machines. Pure: returns text, prints nothing.

pub mod diagnostic;
pub mod escape;
mod excerpt;
