//! End to end: the real bot against the sandbox's servers, and the program as it is started.

mod architecture;
mod command_line;
