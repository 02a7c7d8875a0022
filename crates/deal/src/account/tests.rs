//! Examples small enough to stand beside the code.
