//! A client of directories: signs in, queries, pages through everything.
