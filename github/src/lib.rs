//! The privileged GitHub account: a reading and a writing client, and what each operation does
