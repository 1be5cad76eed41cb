//! HTTP over sockets: listeners, limits, the request log, hot swap, graceful shutdown.
