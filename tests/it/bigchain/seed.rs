//! The users' document, endpoint by endpoint.
