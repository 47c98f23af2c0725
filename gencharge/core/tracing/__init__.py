"""Tracing: spans at our own doors, sent to a collector over OTLP. Off, and next to free, without an endpoint."""
