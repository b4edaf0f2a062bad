//! The audit's chain: what each entry is sealed with, and how a broken one is found. No I/O.
