#![doc = include_str!("../README.md")]

mod block;
mod fault;
mod frame;
mod known;
mod line;
mod note;
mod quick;
mod reader;
mod row;
mod rows;

pub use block::{Block, Extent};
pub use fault::{Fault, Reason};
pub use frame::{Closing, Faults, Frame, frame_hash};
pub use line::{Line, looks_prefixed, may_become_line, parse_line};
pub use note::{
    Begun, Capture, Interface, NOTES_FORMAT, Note, OwnAddress, Owner, Port, Quoted, Told, escape,
};
pub use reader::{Item, Limits, Reader};
pub use row::{Address, Connection, Process, Protocol, Row};
pub use rows::{Kind, RowList, RowRef, Rows};
