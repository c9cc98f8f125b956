#![doc = include_str!("../README.md")]

mod block;
mod fault;
mod frame;
mod item;
mod known;
mod limits;
mod line;
mod note;
mod quick;
mod reader;
mod row;
mod rows;
mod scan;

pub use block::{Block, Extent};
pub use fault::{Fault, Reason};
pub use frame::{Closing, Faults, Frame, frame_hash};
pub use item::Item;
pub use limits::Limits;
pub use line::{Line, looks_prefixed, may_become_line, parse_line};
pub use note::{
    Begun, Capture, Interface, NOTES_FORMAT, Note, NoteKind, OwnAddress, Owner, Port, Quoted,
    escape,
};
pub use reader::Reader;
pub use row::{Address, Connection, Kind, Process, Protocol, Row};
pub use rows::{RowList, RowRef, Rows};
