//! Stethoscope on the web.
