#![doc = include_str!("../README.md")]

mod fault;
mod frame;
mod line;
mod reader;
mod row;

pub use fault::{Fault, Reason};
pub use frame::{Closing, Frame};
pub use line::{Line, looks_prefixed, parse_line};
pub use reader::{Extent, Item, Limits, Reader};
pub use row::{Address, Connection, Process, Protocol, Row};
