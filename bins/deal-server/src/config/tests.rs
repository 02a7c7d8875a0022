//! (tests of the settings)
