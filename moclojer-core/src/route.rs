//! From a request's path to the endpoints that may answer it, in order.
