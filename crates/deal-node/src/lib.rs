//! Deals: the module in front of a server, and the embedded server itself.
