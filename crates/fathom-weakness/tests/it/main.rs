//! Specifications of FIRST, OASIS, OWASP and CISA, and hostile input.

mod arbitrary;
mod cvss;
mod cyclonedx;
mod feeds;
mod order;
mod sarif;
