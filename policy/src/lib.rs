//! Who may do what, and what it takes: policies in Cedar over the commands there are. No I/O.
