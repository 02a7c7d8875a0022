//! A client against scripted servers.
