//! Who works in the company.
