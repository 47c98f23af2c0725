"""Requests that Schemathesis makes from the OpenAPI document, against real processes."""
